/**
 * Threads without end: what counts processes alone does not see them. Expected: the limit holds for threads too, and the
 * program learns it as EAGAIN.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { c, said } from '../programs.ts'

export const attack: Attack = {
  number: 2,
  what: 'A thread bomb',
  expected: 'pthread_create fails with EAGAIN below the limit of processes',
  quick: true,
  needs: ['gcc'],
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const { output, ending } = await actor.run(c('threads'))
    const [, count, errno] = /^(\d+) threads, then (\w+)$/.exec(said(output)[0] ?? '') ?? []
    expect(Number(count) > 0 && Number(count) < box.processesMax, `${count} threads: ${output}`)
    expect(errno === 'EAGAIN', `the one too many failed with ${errno}`)
    expect(ending?.reason === 'processes', `it ended with ${ending?.reason}`)
  },
}
