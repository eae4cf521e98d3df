import { basename, dirname, join, relative } from 'node:path'

import type { ObjectKey } from '#lib/domain/object-key.ts'

/** No segment of a key begins with one of these, so neither meets the folder of other keys. */
const LINK_MARK = '='
export const DATA_MARK = '.'
/** Bytes on their way; a digest follows the mark alone in those that arrived. */
export const NEW_MARK = `${DATA_MARK}new-`

export const linkFile = (folder: string, key: ObjectKey) => join(folder, dirname(key), `${LINK_MARK}${basename(key)}`)
export const isLink = (path: string) => basename(path).startsWith(LINK_MARK)
export const dataFile = (hex: string, mark: string) => `${DATA_MARK}${hex}-${mark}`

/** The cast: we made the name from a key. */
export const keyOfLink = (folder: string, path: string) =>
  join(relative(folder, dirname(path)), basename(path).slice(LINK_MARK.length)) as ObjectKey
