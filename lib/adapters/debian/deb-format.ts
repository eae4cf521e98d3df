import type { DebControl } from '#lib/application/ports/debs.ts'

const KIB = 1024

/** The file by which dpkg knows a package. It has no scripts: what a language needs done is done by its recipe. */
export function controlText({ name, version, architecture, depends, description }: DebControl, bytes: number): string {
  const fields: readonly (readonly [string, string])[] = [
    ['Package', name],
    ['Version', version],
    ['Architecture', architecture],
    ['Maintainer', 'Dragoman <dragoman@localhost>'],
    ['Installed-Size', String(Math.ceil(bytes / KIB))],
    ...(depends.length > 0 ? [['Depends', depends.join(', ')] as const] : []),
    ['Section', 'misc'],
    ['Priority', 'optional'],
    ['Description', description],
  ]
  for (const [field, value] of fields) {
    if (/[\r\n]/.test(value) || value === '') throw new Error(`Cannot write field ${field} of a package: "${value}" is no line`)
  }
  return fields.map(([field, value]) => `${field}: ${value}\n`).join('')
}

const MAGIC = '!<arch>\n'
const PADDING = Buffer.from('\n')

/** A member of the common `ar` archive, which a package is; the first one, `debian-binary`, begins it. */
export async function* archiveMember(
  name: string,
  size: number,
  content: Iterable<Buffer> | AsyncIterable<Buffer>,
  mtime: number,
): AsyncGenerator<Buffer> {
  const fields = [
    name.padEnd(16),
    String(mtime).padEnd(12),
    '0'.padEnd(6),
    '0'.padEnd(6),
    '100644'.padEnd(8),
    String(size).padEnd(10),
  ]
  yield Buffer.from(`${name === 'debian-binary' ? MAGIC : ''}${fields.join('')}\`\n`)
  yield* content
  if (size % 2 === 1) yield PADDING
}
