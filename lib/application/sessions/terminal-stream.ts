import type { Metrics } from '#lib/application/ports/metrics.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { TerminalSize } from '#lib/domain/terminal-size.ts'
import { INPUT_WINDOW_BYTES, type FromAgent } from '#lib/protocol/agent.ts'
import { PTY_STREAM } from '#lib/protocol/frame.ts'

import type { AgentLink } from './agent-link.ts'
import type { PacedAck } from './paced-ack.ts'
import type { Viewer } from './viewer.ts'
import { WindowSize } from './window-size.ts'

type World = {
  readonly link: AgentLink
  readonly clock: Clock
  readonly metrics: Metrics
  readonly pace: (ack: (offset: number) => void) => PacedAck
  /** Whoever watches now. */
  readonly viewer: () => Viewer
}
type Joined = Extract<FromAgent, { type: 'attached' }>

/** A session's terminal: its bytes in both directions by their offsets, its window, and where a viewer joins. */
export class TerminalStream {
  readonly #world: World
  readonly #acks: PacedAck
  readonly #window: WindowSize
  readonly #joining: ((joined: Joined | undefined) => void)[] = []
  #printed = 0
  #inputEnd = 0
  #inputAcked = 0

  constructor(world: World) {
    const { link, clock, pace } = world
    this.#world = world
    this.#acks = pace((offset) => void link.send({ type: 'ack', stream: PTY_STREAM, offset }))
    this.#window = new WindowSize(clock, ({ cols, rows }) => link.send({ type: 'resize', cols, rows }))
  }

  /** Bytes that a viewer was sent. */
  get printed(): number {
    return this.#printed
  }

  /** Asks for the output from `offset` on; undefined when the session went meanwhile. */
  async join(offset: number): Promise<Joined | undefined> {
    const { link, metrics } = this.#world
    const joined = await new Promise<Joined | undefined>((done) => {
      this.#joining.push(done)
      link.send({ type: 'attach', offset })
    })
    if (joined && joined.from > offset) {
      metrics.count('dragoman_pty_dropped_bytes_total', {}, joined.from - offset)
      this.#window.askToDrawAgain() // what drew its screen is gone
    }
    return joined
  }

  /** The agent's answer to the oldest {@link join}. */
  joined(message: Joined): void {
    this.#inputEnd = this.#inputAcked = message.inputEnd
    this.#acks.restart(message.from)
    this.#joining.shift()?.(message)
  }

  /** False when nothing was taken, which the viewer is told. */
  input(offset: number, bytes: Uint8Array): boolean {
    const { link, metrics, viewer } = this.#world
    if (offset > this.#inputEnd) return refused(viewer().problem({ code: 'bad_message', field: 'offset' }))
    if (offset + bytes.length - this.#inputAcked > INPUT_WINDOW_BYTES) {
      return refused(viewer().problem({ code: 'input_full', max: INPUT_WINDOW_BYTES }))
    }
    this.#inputEnd = Math.max(this.#inputEnd, offset + bytes.length)
    metrics.count('dragoman_pty_bytes_total', { dir: 'in' }, bytes.length)
    link.data(PTY_STREAM, offset, bytes)
    return true
  }

  inputTaken(offset: number): void {
    this.#inputAcked = Math.min(Math.max(this.#inputAcked, offset), this.#inputEnd)
    this.#world.viewer().inputAck(this.#inputAcked)
  }

  output(offset: number, bytes: Uint8Array): void {
    this.#acks.came(offset + bytes.length)
    this.#printed += bytes.length
    this.#world.metrics.count('dragoman_pty_bytes_total', { dir: 'out' }, bytes.length)
    this.#world.viewer().output(offset, bytes)
  }

  ack(offset: number): void {
    this.#acks.drawn(offset)
  }

  resize(size: TerminalSize): void {
    this.#window.set(size)
  }

  stop(): void {
    this.#window.stop()
    for (const waiting of this.#joining.splice(0)) waiting(undefined)
  }
}

const refused = (_told: void) => false
