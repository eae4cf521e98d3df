import { afterAll, beforeAll, expect, test } from 'vitest'

import type { LangId } from '#lib/domain/ids.ts'
import { serversThatBuild } from './servers-that-build.ts'

/** Of a package of Debian's, and slow enough to be killed over it. */
const CONFIG = `id: slow
name: Slow
main: main.dc
template: '[Hello, world!] p'
run: exec dc --file=main.dc
skip: [repl, runrepl, scope, format, lsp]
install:
  apt: [dc]
  manual: |
    echo begun
    sleep 3
    mkdir -p "$pkg/usr/share/slow"
    echo done > "$pkg/usr/share/slow/done"
`
/** A server and its first pods start slowly on a busy machine. */
const TEST_MS_MAX = 240_000
const PATIENCE = { timeout: 90_000, interval: 200 }

let world: Awaited<ReturnType<typeof serversThatBuild>>
beforeAll(async () => {
  world = await serversThatBuild('builds-in-pods')
})
afterAll(() => world?.end())

test(
  'a language is built and tested in pods alone, though its server is killed over it, and ends once',
  async () => {
    const { queue, pods } = world
    const first = await world.serve()
    const build = await world.ask('slow' as LangId, CONFIG)
    await expect.poll(pods, PATIENCE).toEqual([{ name: `${build}-package-1`, phase: 'Running' }])
    first.process.kill('SIGKILL')

    await world.serve()
    await expect.poll(async () => (await queue.find(build))?.outcome, { ...PATIENCE, timeout: 150_000 }).toBeDefined()
    const ended = await queue.find(build)
    expect({ outcome: ended?.outcome, reason: ended?.reason }).toEqual({ outcome: 'ok', reason: undefined })
    expect(ended?.steps.map(({ step, attempts, outcome }) => ({ step, attempts, outcome }))).toEqual([
      { step: 'package', attempts: 2, outcome: 'ok' },
      { step: 'image', attempts: 1, outcome: 'ok' },
      { step: 'test', attempts: 1, outcome: 'ok' },
    ])
    await expect.poll(pods, PATIENCE).toEqual([])
  },
  TEST_MS_MAX,
)
