/**
 * Holds memory in place, takes huge pages of the whole machine, and makes swap of its own. Expected: more than the usual
 * lock is refused, there is no swap for a sandbox, and the machine's own is as it was.
 */
import { readFileSync } from 'node:fs'

import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { errnoTable } from '../golden.ts'

const table = errnoTable('memory-locks')
/** Version 2 says what swap there may be, version 1 what there may be with it. */
const SWAP_MAX = ['memory.swap.max', 'memory.memsw.limit_in_bytes']

export const attack: Attack = {
  number: 21,
  what: 'mlock, huge pages and swap of its own',
  expected: 'refused as the golden table has it; no swap; the machine’s swap as it was',
  quick: true,
  needs: ['gcc'],
  through: 'full',
  async act(actor, scene) {
    const { expect, box: look } = scene
    const box = await look(actor)
    const areas = () =>
      readFileSync('/proc/swaps', 'latin1')
        .split('\n')
        .flatMap((line) => line.split(/\s+/)[0] ?? [])
        .join()
    const before = areas()
    await table(actor, scene)
    const swap = box.count(...SWAP_MAX)
    expect(swap === 0 || swap === DEFAULT_LIMITS.memoryBytes, `it may have ${swap} bytes of swap`)
    expect(areas() === before, `the machine's swap was ${before} and is ${areas()}`)
  },
}
