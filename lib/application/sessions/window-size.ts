import type { Clock } from '#lib/application/ports/time.ts'
import { terminalSize, type TerminalSize } from '#lib/domain/terminal-size.ts'

/** Sizes of a window that is being dragged come faster than any program redraws. */
export const RESIZE_MS = 30
/** Another size is held so long, for a program to notice it before the real one comes back. */
export const REDRAW_MS = 150

/** The size of a session's terminal, on its way to the program. */
export class WindowSize {
  readonly #clock: Clock
  readonly #tell: (size: TerminalSize) => void
  #wanted = terminalSize(80, 24)
  #paced: TerminalSize | undefined
  #isOver = false

  constructor(clock: Clock, tell: (size: TerminalSize) => void) {
    this.#clock = clock
    this.#tell = tell
  }

  /** The newest counts; while somebody drags an edge, one in {@link RESIZE_MS} is told. */
  set(size: TerminalSize): void {
    this.#wanted = size
    this.#pace(size)
  }

  /** Programs that draw whole screens do so again when the size changes, and back. */
  askToDrawAgain(): void {
    const { cols, rows } = this.#wanted
    this.#pace(terminalSize(cols, rows > 1 ? rows - 1 : rows + 1))
    this.#clock.after(REDRAW_MS, () => this.#pace(this.#wanted))
  }

  stop(): void {
    this.#isOver = true
  }

  #pace(size: TerminalSize): void {
    if (this.#isOver) return
    if (this.#paced) return void (this.#paced = size)
    this.#tell(size)
    this.#paced = size
    this.#clock.after(RESIZE_MS, () => {
      const last = this.#paced
      this.#paced = undefined
      if (last && last !== size && !this.#isOver) this.#tell(last)
    })
  }
}
