import { expect, test } from 'vitest'

import { memoryAgent } from '#lib/adapters/memory/agent.ts'

import { digestOfHex } from '#lib/domain/digest.ts'
import { python, world as makeWorld } from '../testing/world.ts'
import { ASK_AGAIN_MS, Versions } from './versions.ts'

function world(versionCommand: string) {
  const { sandboxes, clock, deps } = makeWorld({ agent: () => memoryAgent() })
  const versions = new Versions({ ...deps, sandboxes, clock })
  return { sandboxes, clock, versions, language: { ...python, versionCommand } }
}

test('a language is asked once, in a sandbox that is gone afterwards', async () => {
  const { versions, language, sandboxes } = world('version')
  expect(versions.known(language.id)).toBeUndefined()

  const answers = await Promise.all([versions.of(language), versions.of(language)])

  expect(answers).toEqual([
    { ok: true, value: { text: 'Toy 1.2.3' } },
    { ok: true, value: { text: 'Toy 1.2.3' } },
  ])
  expect(versions.known(language.id)).toBe('Toy 1.2.3')
  expect(sandboxes.running()).toEqual([])
  expect(sandboxes.started()).toBe(1)
})

test('one that fails is not asked again at once, and later is', async () => {
  const { versions, language, sandboxes, clock } = world('refuse')

  expect(await versions.of(language)).toEqual({ ok: false, error: { code: 'start_failed' } })
  await versions.of(language)
  expect(sandboxes.started()).toBe(1)
  clock.advance(ASK_AGAIN_MS)
  await versions.of(language)
  expect(sandboxes.started()).toBe(2)
})

test('a language that came to stand on something else is asked anew', async () => {
  const { versions, language, sandboxes } = world('version')
  await versions.of(language)
  const moved = { ...language, foundation: { lang: language.id, image: digestOfHex('a'.repeat(64)), agent: '1.0.0' } }

  await Promise.all([versions.of(moved), versions.of(moved)])
  expect(sandboxes.started()).toBe(2)
  expect(versions.known(language.id)).toBe('Toy 1.2.3')
})

test('without a command there is no asking', async () => {
  const { versions, sandboxes } = world('version')

  expect(await versions.of(python)).toEqual({ ok: false, error: { code: 'no_such_task', task: 'version' } })
  expect(sandboxes.started()).toBe(0)
})
