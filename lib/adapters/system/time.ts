import { randomBytes } from 'node:crypto'
import { performance } from 'node:perf_hooks'

import type { Clock, Random } from '#lib/application/ports/time.ts'

export const systemClock: Clock = {
  now: () => performance.now(),
  today: () => new Date(),
  after(ms, call) {
    const timer = setTimeout(call, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandom: Random = { hex: (bytes) => randomBytes(bytes).toString('hex') }
