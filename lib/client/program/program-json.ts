import { isFileName } from '#lib/domain/file-name.ts'
import { FILES_MAX } from '#lib/protocol/sizes.ts'

import type { Program, ProgramFile } from './program.ts'

/** A program as drafts and links keep it. The order of the fields is part of the form, so that one program has one text. */
export type ProgramJson = { files: [path: string, text: string][]; args?: string; flags?: string; input?: string }

export const programToJson = ({ files, args, flags, input }: Program): ProgramJson => ({
  files: files.map(({ path, text }) => [path, text]),
  ...(args === '' ? {} : { args }),
  ...(flags === '' ? {} : { flags }),
  ...(input === '' ? {} : { input }),
})

/**
 * Reads what storage or a link holds; undefined for anything else. The main file is the language's: where its name has
 * changed since the program was kept, the first file takes the new one.
 */
export function programFromJson(value: unknown, main: string): Program | undefined {
  if (!isRecord(value)) return undefined
  const { files, args = '', flags = '', input = '' } = value
  if (typeof args !== 'string' || typeof flags !== 'string' || typeof input !== 'string') return undefined
  if (!Array.isArray(files) || files.length === 0 || files.length > FILES_MAX) return undefined
  const read = files.map(fileFrom)
  const whole = read.filter((file) => file !== undefined)
  if (whole.length < read.length || new Set(whole.map(({ path }) => path)).size < whole.length) return undefined
  const ordered = mainFirst(whole, main)
  return ordered && { files: ordered, args, flags, input }
}

function fileFrom(value: unknown): ProgramFile | undefined {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [path, text] = value as unknown[]
  return typeof path === 'string' && typeof text === 'string' && isFileName(path) ? { path, text } : undefined
}

function mainFirst(files: readonly ProgramFile[], main: string): Program['files'] | undefined {
  const found = files.find(({ path }) => path === main)
  const first = found ?? files[0]
  return first && [{ path: main, text: first.text }, ...files.filter((file) => file !== first)]
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
