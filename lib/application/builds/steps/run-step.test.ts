import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'

import { afterAll, expect, test } from 'vitest'

import { checkConfig } from '#lib/adapters/lang-files/check-config.ts'
import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import type { CheckResult } from '#lib/application/checks/run-check.ts'
import type { AttemptEnd, Leased } from '#lib/application/ports/build-queue.ts'
import { BASE, digestOf, newBuildId, newInputs } from '#lib/application/testing/builds.ts'
import type { Artifact, ArtifactFacts } from '#lib/domain/artifact.ts'
import type { BuildInputs } from '#lib/domain/build.ts'
import { toLanguage } from '#lib/domain/lang-to-language.ts'
import type { Language } from '#lib/domain/language.ts'
import { packageKey } from '#lib/domain/package-key.ts'
import { err, ok } from '#lib/domain/result.ts'
import { stepRunner } from './run-step.ts'
import type { ImageChecked, StepsWorld } from './step-world.ts'

const folder = mkdtempSync(join(tmpdir(), 'dragoman-steps-'))
afterAll(() => rmSync(folder, { recursive: true }))

const clock = { today: () => new Date() }
const CONFIG = `name: Lua
main: main.lua
template: print('Hello, world!')
run: lua main.lua
repl: lua
skip: [runrepl]
skipReasons: {runrepl: It has none}
install: {apt: [lua5.4]}
`
const passed = (check: CheckResult['check']): CheckResult => ({ lang: 'lua', check, ok: true, ms: 5 })
const unasked = () => Promise.reject(new Error('nobody should ask'))

/** The records and stores of one language, whose package and checks come out as is said. */
function world({ text = CONFIG, checked = { results: [passed('run'), passed('repl')] } as ImageChecked } = {}) {
  const objects = memoryObjectStore()
  const artifacts: Artifact[] = [{ ...BASE, facts: { distribution: 'debian', release: 'bookworm' } }]
  const learned: ArtifactFacts[] = []
  let refused: string | undefined
  let said = text
  let made = 0
  let tested: Language | undefined
  const steps: StepsWorld = {
    artifacts: {
      find: async (digest) => artifacts.map((each) => ({ ...each, madeAt: new Date() })).find((each) => each.digest === digest),
      madeLike: async (kind, _, recipe) => artifacts.find((each) => each.kind === kind && each.facts['recipe'] === recipe),
      learn: async (_, facts) => void learned.push(facts),
    },
    configs: { config: async (config) => (config === known.config ? said : undefined) },
    objects,
    images: layoutImages(join(folder, `images-${digestOf(text).slice(-8)}`), clock),
    layers: tarLayers(folder),
    packages: { fetch: unasked, prepare: unasked },
    workplaces: { begin: unasked },
    parse(lang, source) {
      const { config, problems } = checkConfig(`${lang}.yaml`, `id: ${lang}\n${source}`)
      return config ? ok({ config, language: toLanguage(config) }) : err(problems.map(({ message }) => message).join())
    },
    debs: {
      async pack({ name }) {
        made++
        if (refused !== undefined) return err({ code: 'bad_package', why: refused })
        const bytes = Buffer.from(`package ${name}`)
        const open = () => Readable.from([bytes], { objectMode: false })
        return ok({ digest: digestOf(bytes.toString()), size: bytes.length, open, remove: async () => undefined })
      },
    },
    async checkImage(language) {
      tested = language
      return checked
    },
    limits: { cpus: 1, memoryBytes: 1, processes: 1 },
  }
  const known = newInputs()
  return {
    ...{ known, objects, learned },
    made: () => made,
    tested: () => tested,
    say: (other: string) => void (said = other),
    refuse: (why: string) => void (refused = why),
    async run(step: Leased['step'], more: Partial<BuildInputs> = {}, before: Leased['made'] = {}): Promise<AttemptEnd> {
      const inputs = { ...known, ...more }
      const leased = { build: newBuildId(), step, number: 1, inputs, made: before, timeoutMs: 1000 }
      const tools = { signal: new AbortController().signal, write: async () => undefined, isWanted: async () => true }
      const end = await stepRunner(steps)(leased, tools)
      if ('artifact' in end) artifacts.push(end.artifact)
      return end
    },
  }
}

test('a package is stored before it is said to be made', async () => {
  const { run, known, objects } = world()
  const end = await run('package')
  expect(end).toMatchObject({
    outcome: 'ok',
    artifact: {
      kind: 'package',
      lang: known.lang,
      config: known.config,
      inputs: [BASE.digest],
      facts: { name: `dragoman-${known.lang}` },
    },
  })
  if (!('artifact' in end)) throw new Error('no artifact')
  expect(await objects.head(packageKey(known.lang, end.artifact.digest))).toMatchObject({ digest: end.artifact.digest })
})

test('the same parts are made once, until something new is asked for or what was made is lost', async () => {
  const { run, known, objects, made } = world()
  const first = await run('package')
  expect(await run('package')).toMatchObject({ outcome: 'ok', skipped: true })
  expect(made()).toBe(1)
  expect(await run('package', { refresh: '1' })).not.toHaveProperty('skipped')
  expect(made()).toBe(2)
  if (!('artifact' in first)) throw new Error('no artifact')
  await objects.delete(packageKey(known.lang, first.artifact.digest))
  expect(await run('package')).not.toHaveProperty('skipped')
  expect(made()).toBe(3)
})

test('what a package failed of is handed on as it is', async () => {
  const { run, refuse } = world()
  refuse('it has a device')
  expect(await run('package')).toEqual({ outcome: 'failed', reason: 'it has a device' })
})

test('a config that is refused is the language’s fault, one that nobody recorded is ours', async () => {
  expect(await world({ text: 'name: 3' }).run('package')).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('name'),
  })
  expect(await world().run('package', { config: digestOf('unheard') })).toMatchObject({ outcome: 'infra' })
})

test('an image whose package or base is not there is the machinery’s fault', async () => {
  const { run } = world()
  expect(await run('image', {}, { package: digestOf('lost') })).toMatchObject({
    outcome: 'infra',
    reason: expect.stringContaining('is not in the object store'),
  })
  const made = await run('package')
  if (!('artifact' in made)) throw new Error('no artifact')
  expect(await run('image', {}, { package: made.artifact.digest })).toMatchObject({ outcome: 'infra' })
})

test('a test runs on the image with the agent of the build, and tells all checks, those that are skipped too', async () => {
  const image = digestOf('image')
  const { run, known, tested, learned } = world({ checked: { results: [passed('run'), passed('repl')], version: 'Lua 5.4' } })
  expect(await run('test', {}, { image })).toEqual({
    outcome: 'ok',
    tested: { lang: known.lang, image, config: known.config, agent: known.agent },
    results: [
      { check: 'run', outcome: 'ok', ms: 5 },
      { check: 'repl', outcome: 'ok', ms: 5 },
      { check: 'runrepl', outcome: 'skipped', ms: 0, why: 'It has none' },
    ],
  })
  expect(tested()?.foundation).toEqual({ lang: known.lang, image, agent: known.agent })
  expect(learned).toEqual([{ version: 'Lua 5.4' }])
})

test('a check that does not pass fails the build and is recorded all the same; no session at all is nobody’s fault but ours', async () => {
  const image = digestOf('image')
  const late = { ...passed('repl'), ok: false, why: 'time was up before its prompt came' }
  const bad = world({ checked: { results: [passed('run'), late] } })
  expect(await bad.run('test', {}, { image })).toMatchObject({
    outcome: 'failed',
    reason: 'repl: time was up before its prompt came',
    tested: { image },
    results: [{ check: 'run', outcome: 'ok' }, { check: 'repl', outcome: 'timeout' }, { outcome: 'skipped' }],
  })
  const gone = world({ checked: { results: [{ ...late, check: 'run' }], unopened: 'no room' } })
  expect(await gone.run('test', {}, { image })).toEqual({
    outcome: 'infra',
    reason: 'No session could be opened on the image: no room',
  })
})

const SHARING = CONFIG.replace('{apt: [lua5.4]}', '{riju: [a]}')

test('what a config shares is made of anew when it changes, and must be there', async () => {
  const { run, made, say } = world({ text: `${SHARING}shared: [{id: a, install: {apt: [b1]}}]\n` })
  expect(await run('package')).not.toHaveProperty('skipped')
  expect(await run('package')).toMatchObject({ skipped: true })
  say(`${SHARING}shared: [{id: a, install: {apt: [b2]}}]\n`)
  expect(await run('package')).not.toHaveProperty('skipped')
  expect(made()).toBe(2)

  say(SHARING)
  const lost = { outcome: 'failed', reason: 'there is no shared package "a"' }
  expect(await run('package')).toEqual(lost)
  expect(await run('image', {}, { package: digestOf('package') })).toEqual(lost)
  say(`${SHARING}shared: [{id: a, install: {riju: [a]}}]\n`)
  expect(await run('package')).toEqual({ outcome: 'failed', reason: 'shared packages need themselves: a -> a' })
})
