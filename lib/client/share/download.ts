import type { ProgramFile } from '../program/program.ts'
import { zip } from './zip.ts'

/** One file comes as it is, several as an archive named after the language. */
export function download(lang: string, files: readonly [ProgramFile, ...ProgramFile[]]): void {
  const [{ path, text }] = files
  if (files.length === 1) save(path.slice(path.lastIndexOf('/') + 1), new Blob([text], { type: 'text/plain' }))
  else save(`${lang}.zip`, new Blob([zip(files)], { type: 'application/zip' }))
}

function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  URL.revokeObjectURL(url)
}
