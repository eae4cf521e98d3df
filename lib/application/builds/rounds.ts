import type { Clock } from '#lib/application/ports/time.ts'

/** Does the work again and again, this long after it last ended, whatever came of it. The answer ends it. */
export function rounds(clock: Clock, everyMs: number, work: () => Promise<void>, failed: (error: unknown) => void): () => void {
  let over = false
  let cancel = clock.after(everyMs, round)
  function round(): void {
    work()
      .catch(failed)
      .finally(() => {
        if (!over) cancel = clock.after(everyMs, round)
      })
  }
  return () => {
    over = true
    cancel()
  }
}
