import { INPUT_BYTES_MAX, INPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

/** What may be typed or pasted ahead of a program that does not read: a long paste fits, a stuck key ends. */
export const HELD_INPUT_BYTES_MAX = 1024 * 1024

/**
 * Keystrokes on their way. Every byte has an offset and is kept until the program's terminal has taken it, so that none
 * is lost or doubled when the connection breaks. At most the window is on the way at once.
 */
export type InputBuffer = {
  /** False, and nothing is kept, when there is no room left. */
  push(bytes: Uint8Array): boolean
  /** Everything before `offset` has been taken in. */
  acked(offset: number): void
  /** The connection stands, and the terminal wants the byte at `inputEnd` next. */
  resume(inputEnd: number): void
  /** The connection is gone; bytes are kept. */
  pause(): void
  /** Offset of the first byte not known to be taken in. */
  readonly base: number
}

export function inputBuffer(send: (offset: number, bytes: Uint8Array) => void): InputBuffer {
  let held: Uint8Array[] = []
  let base = 0 // offset of the first byte of held[0]
  let end = 0
  let sent = 0
  let isOpen = false

  function pump() {
    if (!isOpen) return
    while (sent < Math.min(end, base + INPUT_WINDOW_BYTES)) {
      const most = Math.min(INPUT_BYTES_MAX, base + INPUT_WINDOW_BYTES - sent)
      const piece = bytesAt(sent - base).subarray(0, most)
      send(sent, piece)
      sent += piece.length
    }
  }

  function bytesAt(skip: number): Uint8Array {
    let before = 0
    for (const chunk of held) {
      if (skip < before + chunk.length) return chunk.subarray(skip - before)
      before += chunk.length
    }
    throw new Error(`Cannot read input at ${base + skip}: it ends at ${end}`)
  }

  function drop(upTo: number) {
    while (held.length > 0 && base < upTo) {
      const first = held[0] as Uint8Array // the loop's condition says there is one
      const taken = Math.min(first.length, upTo - base)
      held = taken === first.length ? held.slice(1) : [first.subarray(taken), ...held.slice(1)]
      base += taken
    }
  }

  return {
    push(bytes) {
      if (end - base + bytes.length > HELD_INPUT_BYTES_MAX) return false
      if (bytes.length === 0) return true
      held.push(bytes)
      end += bytes.length
      pump()
      return true
    },
    acked(offset) {
      drop(Math.min(offset, sent))
      pump()
    },
    resume(inputEnd) {
      if (inputEnd > end || inputEnd < base) {
        // After a reload the terminal has taken bytes this page never saw; what was typed since comes after them.
        base = inputEnd
        end = inputEnd + held.reduce((sum, chunk) => sum + chunk.length, 0)
      } else drop(inputEnd)
      sent = inputEnd
      isOpen = true
      pump()
    },
    pause() {
      isOpen = false
    },
    get base() {
      return base
    },
  }
}
