import type { Clock } from '../application/ports/time.ts'
import type { SocketServer } from '../socket/socket-server.ts'

/** Whoever sends visitors here must have noticed by then that they should not: probes come every few seconds. */
const NOTICE_MS = 5000
/** Everybody moves within this time, so that the servers that stay are not asked by all at once. */
const MOVE_WITHIN_MS = 3000
/** The last ones get this much longer. */
const MOVED_MS = 2000
const LOOK_MS = 100

/** How a server goes that has others beside it: it says so, serves on until that is known, then sends its visitors to them. */
export class Leaving {
  readonly #clock: Clock
  #sockets: Pick<SocketServer, 'moveAll' | 'size'> | undefined
  #state: 'staying' | 'announced' | 'going' = 'staying'

  constructor(clock: Clock) {
    this.#clock = clock
  }

  from(sockets: Pick<SocketServer, 'moveAll' | 'size'>): void {
    this.#sockets = sockets
  }

  /** It is not ready for new visitors; who comes all the same is served. */
  isAnnounced(): boolean {
    return this.#state !== 'staying'
  }

  isGoing(): boolean {
    return this.#state === 'going'
  }

  go(): void {
    this.#state = 'going'
  }

  /** Settles when nobody is here any more, or the time for it is over. */
  async moveEverybody(): Promise<void> {
    if (this.#state !== 'staying') return
    this.#state = 'announced'
    await this.#wait(NOTICE_MS)
    this.go()
    this.#sockets?.moveAll(MOVE_WITHIN_MS)
    for (let ms = 0; ms < MOVE_WITHIN_MS + MOVED_MS && (this.#sockets?.size() ?? 0) > 0; ms += LOOK_MS) await this.#wait(LOOK_MS)
  }

  #wait(ms: number): Promise<void> {
    return new Promise((done) => this.#clock.after(ms, done))
  }
}
