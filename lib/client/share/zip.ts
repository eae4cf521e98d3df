import type { ProgramFile } from '../program/program.ts'

/** What every archive is dated: the first day the form knows, so that the same files are the same bytes. */
const DATE = 0x21
const UTF8_NAMES = 0x800
const VERSION = 20

/** The files as a zip archive, stored as they are: programs are small. PKWARE's APPNOTE 6.3, §4.3. */
export function zip(files: readonly ProgramFile[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder()
  const locals: Uint8Array[] = []
  const central: Uint8Array[] = []
  let at = 0
  for (const { path, text } of files) {
    const [name, body] = [encoder.encode(path), encoder.encode(text)]
    const about = [UTF8_NAMES, 0, 0, DATE, crc32(body), body.length, body.length, name.length, 0]
    const local = [record(0x04034b50, [VERSION, ...about], LOCAL), name, body]
    central.push(record(0x02014b50, [VERSION, VERSION, ...about, 0, 0, 0, 0, at], CENTRAL), name)
    locals.push(...local)
    at += sum(local)
  }
  const end = record(0x06054b50, [0, 0, files.length, files.length, sum(central), at, 0], END)
  return joined([...locals, ...central, end])
}

/** Widths in bytes of the fields behind the signature. */
const ABOUT = [2, 2, 2, 2, 4, 4, 4, 2, 2]
const LOCAL = [2, ...ABOUT]
const CENTRAL = [2, 2, ...ABOUT, 2, 2, 2, 4, 4]
const END = [2, 2, 2, 2, 4, 4, 2]

function record(signature: number, values: readonly number[], widths: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 + widths.reduce((all, width) => all + width, 0)))
  view.setUint32(0, signature, true)
  let at = 4
  widths.forEach((width, i) => {
    if (width === 2) view.setUint16(at, values[i] ?? 0, true)
    else view.setUint32(at, values[i] ?? 0, true)
    at += width
  })
  return new Uint8Array(view.buffer)
}

/** ISO 3309, as zip has it. */
export function crc32(bytes: Uint8Array): number {
  let crc = 0xffff_ffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0)
  }
  return (crc ^ 0xffff_ffff) >>> 0
}

const sum = (parts: readonly Uint8Array[]) => parts.reduce((all, { length }) => all + length, 0)

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sum(parts))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
