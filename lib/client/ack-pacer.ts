/** Drawn bytes that are acknowledged at once: an eighth of the window, so that the sender never waits for us. */
export const ACK_BYTES = 8 * 1024
/** Longest wait with fewer; a frame and a bit, far below what a visitor notices. */
export const ACK_DELAY_MS = 25

/** Calls back once after `ms`; the answer cancels it. */
export type After = (ms: number, call: () => void) => () => void

export type AckPacer = {
  /** Everything before `offset` is on the screen. */
  drawn(offset: number): void
  /** Starts to count at `offset`, which is known already. */
  restart(offset: number): void
}

/** Tells how much has been drawn, neither at every keystroke's echo nor late. */
export function ackPacer(send: (offset: number) => void, after: After): AckPacer {
  let told = 0
  let seen = 0
  let cancel: (() => void) | undefined

  function tell() {
    cancel?.()
    cancel = undefined
    if (seen <= told) return
    told = seen
    send(told)
  }

  return {
    drawn(offset) {
      seen = Math.max(seen, offset)
      if (seen - told >= ACK_BYTES) tell()
      else if (seen > told) cancel ??= after(ACK_DELAY_MS, tell)
    },
    restart(offset) {
      cancel?.()
      cancel = undefined
      told = seen = offset
    },
  }
}
