/** Longest header of a Language Server Protocol message, in bytes; real ones have some thirty. */
export const LSP_HEADER_BYTES_MAX = 4 * 1024
/** Longest body. The completions of a whole standard library are some megabytes. */
export const LSP_MESSAGE_BYTES_MAX = 8 * 1024 * 1024

const HEADER_END = new Uint8Array([13, 10, 13, 10])
const NOTHING = new Uint8Array(0)

/**
 * Cuts a language server's output into its messages. Their sender is a program in a sandbox, so anything that is not of
 * the form, or beyond the limits, throws an {@link LspFrameError}; after that the reader must not be used again.
 * The form: Language Server Protocol 3.17, "Base Protocol".
 */
export class LspReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true })
  #held: Uint8Array = NOTHING
  #parts: Uint8Array[] = []
  #missing = 0

  /** The messages that are whole now. */
  push(bytes: Uint8Array): unknown[] {
    const messages: unknown[] = []
    let rest = bytes
    while (rest.length > 0) {
      if (this.#missing === 0) rest = this.#header(rest)
      if (this.#missing === 0) break // the header goes on in the next bytes
      const part = rest.subarray(0, this.#missing)
      this.#parts.push(part.slice())
      this.#missing -= part.length
      rest = rest.subarray(part.length)
      if (this.#missing === 0) messages.push(this.#body())
    }
    return messages
  }

  /** What follows the header, once that is whole. */
  #header(bytes: Uint8Array): Uint8Array {
    const all = joined([this.#held, bytes])
    const end = indexOf(all, HEADER_END)
    if (end > LSP_HEADER_BYTES_MAX || (end < 0 && all.length > LSP_HEADER_BYTES_MAX))
      throw new LspFrameError('its header has no end')
    if (end < 0) {
      this.#held = all
      return NOTHING
    }
    this.#held = NOTHING
    this.#missing = lengthIn(String.fromCharCode(...all.subarray(0, end)))
    return all.subarray(end + HEADER_END.length)
  }

  #body(): unknown {
    const parts = this.#parts
    this.#parts = []
    try {
      return JSON.parse(this.#decoder.decode(joined(parts)))
    } catch {
      throw new LspFrameError('a message is not JSON')
    }
  }
}

export class LspFrameError extends Error {}

/** A message as it goes over the wire. */
export function lspFrame(message: unknown): Uint8Array {
  const encoder = new TextEncoder()
  const body = encoder.encode(JSON.stringify(message))
  return joined([encoder.encode(`Content-Length: ${body.length}\r\n\r\n`), body])
}

function lengthIn(header: string): number {
  const found = /^content-length:[ \t]*(\d{1,10})[ \t]*$/im.exec(header)
  const length = Number(found?.[1] ?? 0)
  if (length === 0) throw new LspFrameError('a header names no length')
  if (length > LSP_MESSAGE_BYTES_MAX) throw new LspFrameError(`a message of ${length} bytes is too large`)
  return length
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array): number {
  const [first = 0] = wanted
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (wanted.every((byte, i) => bytes[at + i] === byte)) return at
  }
  return -1
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
