import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

import { never, world } from '../testing/world.ts'

/** What the recording in docs/operate.md takes out of all starts. */
const notCounted = () => {
  const page = readFileSync('docs/operate.md', 'utf8')
  return new RegExp(`^(?:${/outcome!~"([^"]+)"/.exec(page)?.[1]})$`)
}

test('ten starts that gave one session are a tenth in the metric of the recording, whoever left meanwhile', async () => {
  const { tryOpen, metrics } = world({ room: 1, sessionsMax: 12, perAddressMax: 11 })
  const left = AbortSignal.abort()
  for (let n = 0; n < 10; n++) await tryOpen({ signal: never, address: `10.0.${n}.1` })
  await tryOpen({ signal: left, address: '10.0.10.1' })

  const starts = [...metrics.values].filter(([name]) => name.startsWith('dragoman_session_starts_total'))
  const outcomes = starts.map(([name, count]) => ({ outcome: /,([a-z_]+)\}$/.exec(name)?.[1] ?? '', count: Number(count) }))
  expect(outcomes).toEqual(
    expect.arrayContaining([
      { outcome: 'ok', count: 1 },
      { outcome: 'no_room', count: 9 },
      { outcome: 'left', count: 1 },
    ]),
  )
  const counted = outcomes.filter(({ outcome }) => !notCounted().test(outcome)).reduce((sum, { count }) => sum + count, 0)
  expect(1 / counted).toBe(0.1)
  expect(metrics.values.get('dragoman_session_start_failures_total{no_room}')).toBe(9)
})

test('a limit that one address meets is no failed launch', async () => {
  const { tryOpen, metrics } = world({ perAddressMax: 1 })
  await tryOpen()
  await tryOpen()
  const refused = [...metrics.values.keys()].filter((name) => /starts_total.*too_many_sessions/.test(name))
  expect([refused.length, notCounted().test('too_many_sessions')]).toEqual([1, true])
})
