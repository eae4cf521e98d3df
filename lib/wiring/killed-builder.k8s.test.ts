import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { type Database, openDatabase } from '#lib/adapters/pg/database.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { requestBuild } from '#lib/application/builds/request-build.ts'
import { PRIORITIES } from '#lib/domain/build.ts'
import type { LangId } from '#lib/domain/ids.ts'

import { buildRunner } from '../../cli/setup/build-runner.ts'
import { kubeconfigPath, kubectlJson } from '../../k8s/test-cluster/kubectl.ts'
import { type OwnDatabase, ownDatabase } from '../../k8s/test-cluster/own-database.ts'
import { type OwnNamespace, ownNamespace } from '../../k8s/test-cluster/own-namespace.ts'
import { testWorld } from '../../k8s/test-cluster/world.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'killed-builder-'))
const CONFIG = `id: slow
name: Slow
main: main.txt
template: x
run: cat main.txt
skip: [repl, runrepl, scope, format, lsp]
install:
  manual: |
    echo begun
    sleep 3
    mkdir -p "$pkg/usr/share/slow"
    echo done > "$pkg/usr/share/slow/done"
`
const PATIENCE = { timeout: 60_000, interval: 200 }

let database: OwnDatabase
let handle: Database
let namespace: OwnNamespace
const builders = new Set<ChildProcess>()
beforeAll(async () => {
  await buildRunner()
  database = await ownDatabase()
  handle = openDatabase({ url: database.url, timeoutMs: 10_000 })
  namespace = await ownNamespace('killed')
})
afterAll(async () => {
  for (const child of builders) child.kill('SIGKILL')
  await handle?.close()
  await Promise.all([database?.end(), namespace?.end()])
  rmSync(dataDir, { recursive: true, force: true })
})

/** A process that builds in pods; always the same one, as far as the queue knows. */
async function builder(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'bare-builder.contract.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE_ENV: 'test',
      DATABASE_URL: database.url,
      DRAGOMAN_DATA_DIR: dataDir,
      DRAGOMAN_BUILDER: 'pods',
      DRAGOMAN_KUBECONFIG: kubeconfigPath(),
      DRAGOMAN_BUILDS_NAMESPACE: namespace.name,
      DRAGOMAN_REGISTRY_URL: testWorld().registryUrl,
    },
  })
  builders.add(child)
  await once(child.stdout, 'data')
  return child
}

type Pods = {
  readonly items: readonly { readonly metadata: { readonly name: string }; readonly status: { readonly phase: string } }[]
}
const pods = async () => {
  const { items } = await kubectlJson<Pods>(['get', 'pods', '-n', namespace.name])
  return items.map(({ metadata: { name }, status: { phase } }) => ({ name, phase }))
}

test('a builder that is killed while its recipe runs leaves a build that ends once, and well, and no pod', async () => {
  const queue = pgBuildQueue(handle)
  const world = { queue, artifacts: pgArtifacts(handle), random: systemRandom }
  const first = await builder()
  const asked = await requestBuild(world, {
    ...{ lang: 'slow' as LangId, configText: CONFIG, from: 'package', agent: testWorld().agentVersion },
    ...{ by: 'test', priority: PRIORITIES.person },
  })
  if (!asked.ok) throw new Error(JSON.stringify(asked.error))
  const { build } = asked.value
  await expect.poll(pods, PATIENCE).toEqual([{ name: `${build}-package-1`, phase: 'Running' }])
  first.kill('SIGKILL')

  await builder()
  const step = async () => (await queue.find(build))?.steps.find((each) => each.step === 'package')
  await expect.poll(step, PATIENCE).toMatchObject({ state: 'done', outcome: 'ok', attempts: 2 })
  await queue.cancel(build, 'test')
  await expect.poll(async () => (await queue.find(build))?.outcome, PATIENCE).toBeDefined()
  await expect.poll(pods, PATIENCE).toEqual([])
})
