import type { ConfigProblem } from '#lib/adapters/lang-files/config-problem.ts'
import { visible } from '#lib/domain/visible-text.ts'

/** Text of strangers on one line of a terminal. */
export const visibleLine = (text: string) => visible(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t')

/** The result of a command; nothing else goes to stdout. */
export function result(text: string): void {
  process.stdout.write(`${text}\n`)
}

/** Progress and complaints. */
export function note(text: string): void {
  process.stderr.write(`${text}\n`)
}

export const jsonResult = (value: unknown) => result(JSON.stringify(value, null, 2))

/** Columns as wide as their longest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(visibleLine))
  const widths = (shown[0] ?? []).map((_, i) => Math.max(...shown.map((row) => (row[i] ?? '').length)))
  return shown
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

export function problemLine({ file, line, column, severity, field, message }: ConfigProblem): string {
  return visibleLine(`${file}:${line}:${column}: ${severity}: ${field === undefined ? '' : `${field}: `}${message}`)
}

/** A reader that has seen enough (`| head`) is no error of ours. */
export function ignoreClosedOutput(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}
