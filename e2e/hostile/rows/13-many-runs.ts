/**
 * Asks for 500 runs as fast as the wire takes them. Programs that the agent starts are not held by the limit on forks as a
 * program's own are (runc#4413), so the server has to count. Expected: all but the allowed are refused with a typed error,
 * and the session goes on.
 */
import { RUNS } from '#lib/application/sessions/programs.ts'

import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'
import { becomes } from '../until.ts'

const CALLS = 500
const AGAIN_MS_MAX = 3000

export const attack: Attack = {
  number: 13,
  what: '500 runs and 500 tasks, asked for at once',
  expected: 'the server refuses all but a few with "too_many_runs"; the session goes on',
  quick: true,
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    const began = performance.now()
    const runs = Array.from({ length: CALLS }, () => actor.call<{ job: number }>('run', { files: sh('sleep 60 & sleep 60') }))
    const tasks = Array.from({ length: CALLS }, () => actor.task())
    const answers = await Promise.all([...runs, ...tasks])
    const allowed = RUNS.burst + RUNS.perSecond * ((performance.now() - began) / 1000) + 1

    const codes = new Map<string, number>()
    for (const answer of answers) {
      const code = answer.ok ? 'ok' : answer.error.code
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    const [taken = 0, refused = 0] = [codes.get('ok'), codes.get('too_many_runs')]
    expect(taken > 0 && taken <= allowed, `${taken} calls were taken, ${allowed.toFixed(1)} are allowed`)
    expect(taken + refused === 2 * CALLS, `answers: ${JSON.stringify([...codes])}`)
    expect(box.count('pids.current') <= box.processesMax, `${box.count('pids.current')} processes`)

    const isOfUse = async () => (await actor.call('run', { files: sh('echo still $((6 * 7))') })).ok
    expect(await becomes(isOfUse, AGAIN_MS_MAX), 'no run was taken any more')
    await actor.saw('still 42')
  },
}
