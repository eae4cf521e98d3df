import { endingOf } from './program/file-names.ts'

/** Whether a file is of the language. Others may be of anything: data to read, notes. */
export const isSource = (path: string, { main, endings }: { readonly main: string; readonly endings: readonly string[] }) =>
  path === main || [endingOf(main), ...endings].includes(endingOf(path))
