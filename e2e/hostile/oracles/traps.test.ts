import { createSocket } from 'node:dgram'
import { connect } from 'node:net'
import { expect, test } from 'vitest'

import { becomes } from '../until.ts'
import { setTraps } from './traps.ts'

const HIT_MS_MAX = 2000

test('each trap hears whoever reaches it', async () => {
  const traps = await setTraps()
  try {
    for (const { host, port, udp } of traps.all) {
      const before = traps.hits().length
      if (udp) {
        const socket = createSocket('udp4')
        socket.send('hello', port, host, () => socket.close())
      } else connect(port, host).on('error', () => undefined)

      expect(await becomes(() => traps.hits().length > before, HIT_MS_MAX)).toBe(true)
    }
    expect(traps.all.length).toBeGreaterThan(1)
  } finally {
    await traps.close()
  }
})

test('traps that nobody reaches hear nothing', async () => {
  const traps = await setTraps()
  await traps.close()

  expect(traps.hits()).toEqual([])
})
