import { err, ok, type Result } from '../domain/result.ts'

/**
 * The frames between server and agent, both ways, over any byte stream:
 *
 *     u32 length of what follows · u8 kind · body
 *     kind 1, control: UTF-8 JSON
 *     kind 2, data:    u16 stream · u48 offset of the first byte in that stream · bytes
 *
 * Integers are big-endian. Control and bytes never share a frame.
 */
export type Frame =
  | { readonly kind: 'control'; readonly message: unknown }
  | { readonly kind: 'data'; readonly stream: number; readonly offset: number; readonly bytes: Uint8Array }

export const CONTROL_BYTES_MAX = 2 * 1024 * 1024
export const DATA_BYTES_MAX = 64 * 1024
/** Stream 0 is the terminal; tasks have numbers from 1. */
export const PTY_STREAM = 0
export const STREAM_MAX = 0xffff

const CONTROL = 1
const DATA = 2
const LENGTH_BYTES = 4
const DATA_HEAD_BYTES = 1 + 2 + 6

export function controlFrame(message: unknown): Buffer {
  const body = Buffer.from(JSON.stringify(message))
  const frame = Buffer.allocUnsafe(LENGTH_BYTES + 1 + body.length)
  frame.writeUInt32BE(1 + body.length, 0)
  frame[4] = CONTROL
  body.copy(frame, 5)
  return frame
}

/** The head of a data frame; the `size` bytes themselves are written after it, uncopied. */
export function dataHead(stream: number, offset: number, size: number): Buffer {
  const head = Buffer.allocUnsafe(LENGTH_BYTES + DATA_HEAD_BYTES)
  head.writeUInt32BE(DATA_HEAD_BYTES + size, 0)
  head[4] = DATA
  head.writeUInt16BE(stream, 5)
  head.writeUIntBE(offset, 7, 6)
  return head
}

export type BadFrame = { readonly code: 'bad_frame'; readonly why: 'length' | 'kind' | 'json' }

/**
 * Cuts a byte stream into frames. It holds at most one incomplete frame, whose length was checked first; after an
 * error every further push returns that error.
 */
export class FrameReader {
  #held: Uint8Array[] = []
  #heldBytes = 0
  #wantedBytes = LENGTH_BYTES
  #bad: BadFrame | undefined

  push(chunk: Uint8Array): Result<Frame[], BadFrame> {
    if (this.#bad) return err(this.#bad)
    this.#held.push(chunk)
    this.#heldBytes += chunk.length
    const frames: Frame[] = []
    if (this.#heldBytes < this.#wantedBytes) return ok(frames)

    let bytes = this.#joined()
    this.#wantedBytes = LENGTH_BYTES
    while (bytes.length >= LENGTH_BYTES) {
      const length = bytes.readUInt32BE(0)
      const kind = bytes[4]
      const max = kind === DATA ? DATA_BYTES_MAX + DATA_HEAD_BYTES : CONTROL_BYTES_MAX + 1
      if (length < 1 || length > (kind === undefined ? CONTROL_BYTES_MAX + 1 : max)) return this.#fail('length')
      if (bytes.length < LENGTH_BYTES + length) {
        this.#wantedBytes = LENGTH_BYTES + (kind === undefined ? 1 : length)
        break
      }
      const frame = parse(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length))
      if (!frame.ok) return this.#fail(frame.error.why)
      frames.push(frame.value)
      bytes = bytes.subarray(LENGTH_BYTES + length)
    }
    this.#held = bytes.length > 0 ? [bytes] : []
    this.#heldBytes = bytes.length
    return ok(frames)
  }

  /** One buffer of all that is held; joined only when its first frame may be whole, so that small pieces stay cheap. */
  #joined(): Buffer {
    if (this.#held.length === 1) return asBuffer(this.#held[0] as Uint8Array)
    const joined = Buffer.concat(this.#held)
    this.#held = [joined]
    return joined
  }

  #fail(why: BadFrame['why']): Result<never, BadFrame> {
    this.#bad = { code: 'bad_frame', why }
    this.#held = []
    return err(this.#bad)
  }
}

function parse(body: Buffer): Result<Frame, BadFrame> {
  if (body[0] === DATA) {
    if (body.length < DATA_HEAD_BYTES) return err({ code: 'bad_frame', why: 'length' })
    return ok({
      kind: 'data',
      stream: body.readUInt16BE(1),
      offset: body.readUIntBE(3, 6),
      bytes: body.subarray(DATA_HEAD_BYTES),
    })
  }
  if (body[0] !== CONTROL) return err({ code: 'bad_frame', why: 'kind' })
  try {
    return ok({ kind: 'control', message: JSON.parse(body.toString('utf8', 1)) as unknown })
  } catch {
    return err({ code: 'bad_frame', why: 'json' })
  }
}

const asBuffer = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
