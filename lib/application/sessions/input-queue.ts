import { LSP_INPUT_BYTES_MAX } from '#lib/protocol/sizes.ts'

import type { Task } from './tasks.ts'

/** What the agent is sent ahead of what the task has read, in bytes; the agent itself refuses beyond 256 KiB. */
export const AHEAD_BYTES_MAX = 128 * 1024
/** What waits is kept in pieces of this size. */
const BLOCK_BYTES = 64 * 1024

/** Input on its way to a task that may read slowly. */
export class InputQueue {
  #task: Pick<Task, 'input'> | undefined
  #blocks: Block[] = []
  #held = 0
  #sent = 0
  #taken = 0

  open(task: Pick<Task, 'input'>): void {
    this.close()
    this.#task = task
  }

  close(): void {
    this.#task = undefined
    this.#blocks = []
    this.#held = this.#sent = this.#taken = 0
  }

  /** False when too much waits. */
  push(bytes: Uint8Array): boolean {
    if (this.#held + this.#sent - this.#taken + bytes.length > LSP_INPUT_BYTES_MAX) return false
    const now = this.#held > 0 ? 0 : Math.min(bytes.length, this.#room())
    this.#send(bytes.subarray(0, now))
    this.#hold(bytes.subarray(now))
    return true
  }

  taken(offset: number): void {
    this.#taken = Math.min(this.#sent, Math.max(this.#taken, offset))
    for (let block = this.#blocks[0]; block && this.#room() > 0; block = this.#blocks[0]) {
      const part = block.bytes.subarray(block.from, Math.min(block.end, block.from + this.#room()))
      block.from += part.length
      if (block.from === block.end) this.#blocks.shift()
      this.#held -= part.length
      this.#send(part)
    }
  }

  #room(): number {
    return AHEAD_BYTES_MAX - (this.#sent - this.#taken)
  }

  #send(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    const offset = this.#sent
    this.#sent += bytes.length
    this.#task?.input(offset, bytes)
  }

  /** A copy: a page may say it byte by byte, and each byte would keep all of its message alive. */
  #hold(bytes: Uint8Array): void {
    this.#held += bytes.length
    for (let at = 0; at < bytes.length;) {
      const last = this.#blocks.at(-1)
      const block = last && last.end < BLOCK_BYTES ? last : { bytes: new Uint8Array(BLOCK_BYTES), from: 0, end: 0 }
      if (block !== last) this.#blocks.push(block)
      const part = bytes.subarray(at, at + BLOCK_BYTES - block.end)
      block.bytes.set(part, block.end)
      block.end += part.length
      at += part.length
    }
  }
}

/** Of the bytes before `from` nothing is left to do; what is appended goes to `end`. */
type Block = { readonly bytes: Uint8Array; from: number; end: number }
