import { expect, test } from 'vitest'

import { SLOTS_MAX, takeSlot } from './slot.ts'

test('each run has a folder of its own, one given back is used again, and there is a limit', async () => {
  const checkout = `/checkout-of-process-${process.pid}`
  const slots = await Promise.all(Array.from({ length: SLOTS_MAX }, () => takeSlot(checkout)))
  const names = slots.map(({ name }) => name)

  expect(names.toSorted()).toEqual(['test', 'test-2', 'test-3', 'test-4', 'test-5', 'test-6', 'test-7', 'test-8'])
  await expect(takeSlot(checkout)).rejects.toThrow('8 tests are running already')

  slots[2]?.release()
  const again = await takeSlot(checkout)
  expect(again.name).toBe(names[2])
  again.release()
  for (const slot of slots) slot.release()
})
