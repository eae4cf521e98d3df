import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs'
import { join } from 'node:path'

import { err, ok, type Result } from '#lib/domain/result.ts'

export const FILE_BYTES_MAX = 256 * 1024
/** Configs in one folder. */
export const FILES_MAX = 5000

/** Paths of the configs in a folder, by name; files that begin with a dot are not looked at. */
export function configFiles(dir: string): Result<readonly string[], string> {
  let names: string[]
  try {
    names = readdirSync(dir)
  } catch (error) {
    return err(`cannot be read: ${reasonOf(error)}`)
  }
  const configs = names.filter((name) => /^[^.].*\.ya?ml$/.test(name)).toSorted()
  if (configs.length > FILES_MAX) return err(`holds more than ${FILES_MAX} configs`)
  return ok(configs.map((name) => join(dir, name)))
}

/** The text of a config: a regular file of UTF-8 within the limit. */
export function readConfig(path: string): Result<string, string> {
  let file: number | undefined
  try {
    // Without O_NONBLOCK a named pipe would wait for its writer.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    if (!fstatSync(file).isFile()) return err('is not a regular file')
    const bytes = Buffer.alloc(FILE_BYTES_MAX + 1)
    let length = 0
    for (let got = -1; got !== 0 && length < bytes.length; length += got) {
      got = readSync(file, bytes, length, bytes.length - length, null)
    }
    if (length > FILE_BYTES_MAX) return err(`is larger than ${FILE_BYTES_MAX / 1024} KiB`)
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, length)))
  } catch (error) {
    return err(error instanceof TypeError ? 'is not UTF-8' : `cannot be read: ${reasonOf(error)}`)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

const reasonOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? String(error)
