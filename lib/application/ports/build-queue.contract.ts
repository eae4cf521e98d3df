import { expect, test } from 'vitest'

import { digestOf, madeOf, newBuildId, newInputs, newRequest, well } from '#lib/application/testing/builds.ts'
import { ATTEMPTS_MAX, type BuildInputs, type Outcome } from '#lib/domain/build.ts'
import type { BuildId } from '#lib/domain/ids.ts'
import type { BuildQueue, BuildRequest } from './build-queue.ts'

const SLOTS = 4

export type QueueWorld = {
  readonly queue: BuildQueue
  /** Lets pauses between tries pass. */
  skipPauses(): Promise<void>
}

/** What every maker of {@link BuildQueue} keeps. `fresh` gives one where nothing is ready. */
export function buildQueueContract(fresh: () => Promise<QueueWorld>): void {
  async function world() {
    const { queue, skipPauses } = await fresh()
    const builder = `builder ${newBuildId()}`
    return {
      queue,
      builder,
      skipPauses,
      async request(request: BuildRequest = newRequest()) {
        const requested = await queue.request(request)
        if (!requested.ok) throw new Error(requested.error.code)
        return requested.value
      },
      async lease(slots = SLOTS) {
        const leased = await queue.lease(builder, slots)
        if (!leased) throw new Error('Nothing was ready')
        return leased
      },
      async seen(build: BuildId) {
        const live = (await queue.live()).find((attempt) => attempt.build === build)
        if (!live) throw new Error('Nothing of it is at work')
        return live
      },
      outcome: async (build: BuildId) => (await queue.find(build))?.outcome,
    }
  }

  test('a build goes through its steps, each with what the earlier ones made, and ends well', async () => {
    const { queue, builder, request, lease } = await world()
    const asked = newRequest()
    expect(await request(asked)).toEqual({ build: asked.id, how: 'new' })

    const first = await lease()
    expect(first).toEqual({ build: asked.id, step: 'package', number: 1, inputs: asked.inputs, timeoutMs: 60_000, made: {} })
    expect(await queue.lease(builder, SLOTS)).toBeUndefined()
    expect(await queue.finish(first, well(first))).toEqual({ ok: true, value: { build: 'going_on' } })

    const pkg = madeOf('package', asked.inputs).digest
    const second = await lease()
    expect(second).toMatchObject({ step: 'image', number: 1, made: { package: pkg } })
    await queue.finish(second, well(second))

    const image = madeOf('image', asked.inputs, pkg).digest
    const third = await lease()
    expect(third).toMatchObject({ step: 'test', made: { package: pkg, image } })
    expect(await queue.finish(third, well(third))).toEqual({ ok: true, value: { build: 'ok' } })

    expect(await queue.find(asked.id)).toMatchObject({
      outcome: 'ok',
      endedAt: expect.any(Date),
      steps: [
        { step: 'package', state: 'done', outcome: 'ok', artifact: pkg, attempts: 1 },
        { step: 'image', state: 'done', outcome: 'ok', artifact: image },
        { step: 'test', state: 'done', outcome: 'ok', artifact: undefined },
      ],
    })
  })

  test('a build from a later step is given what its inputs name, and refused when nobody knows that', async () => {
    const { queue, request, lease } = await world()
    const whole = await request()
    const first = await lease()
    await queue.finish(first, well(first))
    await queue.cancel(whole.build, 'ada')

    const pkg = madeOf('package', first.inputs).digest
    const later = newRequest({ inputs: { ...first.inputs, from: 'image', package: pkg } })
    await request(later)
    expect(await lease()).toMatchObject({ build: later.id, step: 'image', made: { package: pkg } })
    expect((await queue.find(later.id))?.steps.map(({ step }) => step)).toEqual(['image', 'test'])

    const strange: Partial<BuildInputs>[] = [
      { base: digestOf('?') },
      { from: 'image', package: digestOf('?') },
      { agent: '0.0.0' },
    ]
    const refused = await Promise.all(strange.map((inputs) => queue.request(newRequest({ inputs }))))
    expect(refused).toMatchObject(
      ['base', 'package', 'agent'].map((input) => ({ ok: false, error: { code: 'unknown_input', input } })),
    )
  })

  test('the same inputs are the same build, at work and once it went well, however many ask at once', async () => {
    const { queue, builder, request, lease } = await world()
    const inputs = newInputs()
    const asked = await Promise.all(Array.from({ length: 20 }, () => request(newRequest({ inputs }))))
    expect(new Set(asked.map(({ build }) => build)).size).toBe(1)
    expect(asked.filter(({ how }) => how === 'new')).toHaveLength(1)

    for (const _ of [1, 2, 3]) {
      const leased = await lease()
      await queue.finish(leased, well(leased))
    }
    expect(await request(newRequest({ inputs }))).toEqual({ build: asked[0]?.build, how: 'done' })
    expect(await queue.lease(builder, SLOTS)).toBeUndefined()
    expect(await request(newRequest({ inputs: { ...inputs, refresh: 'today' } }))).toMatchObject({ how: 'new' })
  })

  test('a request whose answer was lost finds its own build again', async () => {
    const { request } = await world()
    const asked = newRequest()
    const first = await request(asked)
    expect(await request(asked)).toEqual(first)
  })

  test.each(['failed', 'timeout', 'waiting'] as const)(
    '%s ends a build at once, and the next request is a new one',
    async (outcome) => {
      const { queue, builder, request, lease } = await world()
      const asked = newRequest()
      await request(asked)
      expect(await queue.finish(await lease(), { outcome, reason: 'why' })).toEqual({ ok: true, value: { build: outcome } })

      expect(await queue.find(asked.id)).toMatchObject({ outcome, reason: 'why' })
      expect(await queue.lease(builder, SLOTS)).toBeUndefined()
      const again = { ...newRequest({ inputs: asked.inputs }), retryOf: asked.id }
      expect(await request(again)).toEqual({ build: again.id, how: 'new' })
      expect(await request({ ...again, id: newBuildId() })).toEqual({ build: again.id, how: 'attached' })
    },
  )

  test('what the machinery did wrong is tried again, so often and no more', async () => {
    const { queue, builder, request, lease, skipPauses, outcome } = await world()
    const { build } = await request()
    for (let number = 1; number <= ATTEMPTS_MAX; number++) {
      const leased = await lease()
      expect(leased.number).toBe(number)
      const went = await queue.finish(leased, { outcome: 'infra', reason: 'the network' })
      expect(went).toEqual({ ok: true, value: { build: number < ATTEMPTS_MAX ? 'going_on' : 'infra' } })
      expect(await queue.lease(builder, SLOTS)).toBeUndefined() // it waits a little, or is over
      await skipPauses()
    }
    expect(await outcome(build)).toBe('infra')
  })

  test('a step that lost its place is tried again once for it, beside the tries that other faults have', async () => {
    const { queue, request, lease, skipPauses } = await world()
    const lost = { outcome: 'infra', reason: 'the pod was evicted', placeLost: true } as const
    const away = { outcome: 'infra', reason: 'the registry is away' } as const
    const triesOf = async (ends: readonly (typeof lost | typeof away)[]) => {
      const { build } = await request()
      for (const end of ends) {
        await queue.finish(await lease(), end)
        await skipPauses()
      }
      return queue.find(build)
    }
    expect(await triesOf([lost, lost])).toMatchObject({ outcome: 'infra', reason: lost.reason, steps: [{ attempts: 2 }, {}, {}] })
    expect(await triesOf([away, lost, lost])).toMatchObject({ outcome: 'infra', steps: [{ attempts: 3 }, {}, {}] })
    expect(await triesOf([lost, away, away])).toMatchObject({ outcome: 'infra', steps: [{ attempts: 3 }, {}, {}] })
    expect(await triesOf([away, lost])).toMatchObject({ outcome: undefined, steps: [{ state: 'ready' }, {}, {}] })
  })

  test('only the newest attempt may end a step, and only once', async () => {
    const { queue, request, lease, skipPauses, seen } = await world()
    const { build } = await request()
    const slow = await lease()
    const live = await seen(build)
    expect(await queue.lose(live, 'not heard of')).toEqual({ build: 'going_on' })
    await skipPauses()
    const newer = await lease()
    expect(newer.number).toBe(2)

    const stale = { ok: false, error: { code: 'stale_attempt' } }
    expect(await queue.beat(slow)).toBe('stale')
    expect(await queue.finish(slow, well(slow))).toEqual(stale)
    expect((await queue.find(build))?.steps[0]).toMatchObject({ state: 'running', artifact: undefined })

    expect(await queue.finish(newer, well(newer))).toEqual({ ok: true, value: { build: 'going_on' } })
    expect(await queue.finish(newer, well(newer))).toEqual({ ok: true, value: { build: 'going_on' } }) // its answer was lost
    expect(await queue.finish(newer, { outcome: 'failed', reason: 'late' })).toEqual(stale)
  })

  test('an attempt that was heard of since is not lost', async () => {
    const { queue, request, lease, seen } = await world()
    const { build } = await request()
    const leased = await lease()
    const live = await seen(build)
    expect(await queue.beat(leased)).toBe('wanted')
    expect(await queue.lose(live, 'not heard of')).toBeUndefined()
    expect(await queue.finish(leased, well(leased))).toMatchObject({ ok: true })
  })

  test('cancelled while it waits it ends at once, while it runs with its attempt, whatever that says', async () => {
    const { queue, builder, request, lease, outcome } = await world()
    const waits = await request()
    expect(await queue.cancel(waits.build, 'ada')).toBe(true)
    expect(await queue.find(waits.build)).toMatchObject({ outcome: 'cancelled', reason: 'Cancelled by ada' })
    expect(await queue.cancel(waits.build, 'bob')).toBe(false)

    for (const end of [{ outcome: 'failed', reason: 'killed' }, { outcome: 'infra', reason: 'lost' }, undefined] as const) {
      const runs = await request()
      const leased = await lease()
      expect(await queue.cancel(runs.build, 'ada')).toBe(true)
      expect(await queue.cancel(runs.build, 'bob')).toBe(true)
      expect(await outcome(runs.build)).toBeUndefined()
      expect(await queue.beat(leased)).toBe('cancelled')
      expect(await queue.finish(leased, end ?? well(leased))).toEqual({ ok: true, value: { build: 'cancelled' } })
      expect(await queue.find(runs.build)).toMatchObject({ outcome: 'cancelled', reason: 'Cancelled by ada' })
    }
    expect(await queue.lease(builder, SLOTS)).toBeUndefined()
    expect(await queue.cancel(newBuildId(), 'ada')).toBe(false)
  })

  test('a build that was told to stop is not joined: the same inputs are a new build, and both end as they should', async () => {
    const { queue, request, lease, outcome } = await world()
    const dying = await request()
    const leased = await lease()
    await queue.cancel(dying.build, 'ada')
    const again = await request(newRequest({ inputs: leased.inputs }))
    expect(again.how).toBe('new')
    expect(await request(newRequest({ inputs: leased.inputs }))).toEqual({ build: again.build, how: 'attached' })

    expect(await queue.finish(leased, well(leased))).toEqual({ ok: true, value: { build: 'cancelled' } })
    for (const _ of [1, 2, 3]) {
      const next = await lease()
      await queue.finish(next, well(next))
    }
    expect(await Promise.all([dying.build, again.build].map(outcome))).toEqual(['cancelled', 'ok'])
  })

  test("a newer request ends the same hand's older ones, but none that somebody else wants too", async () => {
    const { queue, request, lease, outcome } = await world()
    const { lang } = newInputs()
    const [older, shared, others] = [
      newRequest({ inputs: { lang } }),
      newRequest({ inputs: { lang } }),
      newRequest({ inputs: { lang }, by: 'bob' }),
    ]
    for (const asked of [older, shared, others]) await request(asked)
    await request({ ...newRequest({ inputs: shared.inputs }), by: 'bob' })
    const running = await lease()

    const newer = await request({ ...newRequest({ inputs: { lang } }), supersedes: true })
    const superseded: Outcome = 'superseded'
    expect(await queue.beat(running)).toBe(superseded)
    await queue.finish(running, { outcome: 'cancelled', reason: 'told to stop' })
    expect(await queue.find(older.id)).toMatchObject({ outcome: superseded, reason: `Superseded by ${newer.build}` })
    expect(await Promise.all([shared.id, others.id, newer.build].map(outcome))).toEqual([undefined, undefined, undefined])
    for (const { id } of await queue.list({ lang, live: true, max: 10 })) await queue.cancel(id, 'ada')
  })

  test('the most urgent goes first, then who waits longest; who joins with more urgency lifts the build', async () => {
    const { request, lease } = await world()
    const [first, second, urgent] = [newRequest({ priority: 1 }), newRequest({ priority: 1 }), newRequest({ priority: 5 })]
    for (const asked of [first, second, urgent]) await request(asked)
    await request({ ...newRequest({ inputs: second.inputs }), priority: 9 })

    const order = [await lease(), await lease(), await lease()].map(({ build }) => build)
    expect(order).toEqual([second.id, urgent.id, first.id])
  })

  test('forty leases at once share ten steps without a double, and no builder exceeds its slots', async () => {
    const { queue, builder, request } = await world()
    const asked = await Promise.all(Array.from({ length: 10 }, () => request()))
    const small = (await Promise.all(Array.from({ length: 20 }, () => queue.lease(builder, 3)))).filter(Boolean)
    expect(small.length).toBeGreaterThan(0)
    expect(small.length).toBeLessThanOrEqual(3)

    const got = [...small]
    while (got.length < 10) {
      const more = await Promise.all(Array.from({ length: 20 }, () => queue.lease(`${builder} 2`, 10)))
      got.push(...more.filter(Boolean))
    }
    expect(got.map((leased) => leased?.build).toSorted()).toEqual(asked.map(({ build }) => build).toSorted())
    expect(await queue.lease(builder, SLOTS)).toBeUndefined()
  })
}
