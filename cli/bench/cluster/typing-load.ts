import { type SteadyTypist, steadyTypist } from './steady-typist.ts'

/** Five keys a second, as a quick typist. */
const KEY_MS = 200
/** Sessions that begin together: what they are measured for comes later. */
const STARTS_AT_ONCE = 10
/** The last answers come at once, or after a resume; later than this they do not come. */
const SETTLE_MS_MAX = 20_000
const LOOK_MS = 50

export type LoadFigures = {
  readonly lostBytes: number
  readonly duplicatedBytes: number
  readonly sessionsLost: number
  /** Why, each once. */
  readonly reasons: readonly string[]
  readonly keys: number
}

/** Visitors who type steadily, and what has become of every byte in the end. */
export async function typingLoad(url: string, count: number) {
  const typists: SteadyTypist[] = []
  while (typists.length < count) {
    const some = Math.min(STARTS_AT_ONCE, count - typists.length)
    typists.push(...(await Promise.all(Array.from({ length: some }, () => steadyTypist(url)))))
  }
  let keys = 0
  const timers = typists.map((typist, n) => {
    let typed = n
    const type = () => {
      if (typist.gone() !== undefined) return
      typist.type(Buffer.from([0x61 + (typed++ % 26)]))
      keys++
    }
    return setInterval(type, KEY_MS)
  })

  return {
    typists,
    async finish(): Promise<LoadFigures> {
      for (const timer of timers) clearInterval(timer)
      const until = performance.now() + SETTLE_MS_MAX
      const isSettled = () => typists.every((typist) => typist.gone() !== undefined || typist.isComplete())
      while (!isSettled() && performance.now() < until) await new Promise((done) => setTimeout(done, LOOK_MS))
      const reasons = typists.flatMap((typist) => typist.gone() ?? [])
      const accounts = typists.map((typist) => typist.account())
      await Promise.all(typists.map((typist) => typist.leave()))
      return {
        lostBytes: accounts.reduce((sum, { lost }) => sum + lost, 0),
        duplicatedBytes: accounts.reduce((sum, { duplicated }) => sum + duplicated, 0),
        sessionsLost: reasons.length,
        reasons: [...new Set(reasons)],
        keys,
      }
    },
  }
}
