import { afterEach, beforeAll, expect, test } from 'vitest'

import { buildAgent } from '../cli/setup/build-agent.ts'
import type { SandboxedAgent } from './testing/sandboxed-agent.ts'
import { way } from './testing/way.ts'
import { world as makeWorld } from './testing/world.ts'

// What only one with the agent's own id could try.
way.oneId = true

let executable: string
const agents: SandboxedAgent[] = []

beforeAll(async () => {
  ;({ path: executable } = await buildAgent())
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.end()))
})

async function world() {
  const made = await makeWorld(executable)
  agents.push(made.agent)
  return made
}

test('no signal of a program ends the agent or holds it up', async () => {
  const { finish } = await world()
  const { output } = await finish(
    'id -u; for n in 1 2 3; do for s in $(seq 64); do kill -$s 1; done; done; kill -9 -1; echo alive',
  )
  expect(output).toMatch(/^1000\n/)
  for (let n = 0; n < 3; n++) expect(await finish('seq 20000 | tail -n 1')).toMatchObject({ code: 0, output: '20000\n' })
})

test('its memory, its files and what it was started with are closed to programs of its id', async () => {
  const { finish } = await world()
  const tries = [
    ...['environ', 'mem', 'maps', 'auxv', 'stack', 'exe', 'oom_score_adj'].map((file) => `head -c 1 /proc/1/${file}`),
    ...['fd', 'cwd', 'root', 'map_files'].map((folder) => `ls /proc/1/${folder}/`),
    ...['mem', 'oom_score_adj', 'clear_refs', 'coredump_filter'].map((file) => `echo 0 >/proc/1/${file}`),
  ]
  const said = tries.map((one) => `(${one}) >/dev/null 2>&1 && echo '${one}'`)
  const trace = `perl -e 'for (16, 0x4206) { print "traced\\n" if syscall(101, $_, 1, 0, 0) == 0 }'`
  const { output } = await finish([...said, trace].join('\n'))
  expect(output).toBe('head -c 1 /proc/1/oom_score_adj\n')
})

test('what a program plants where files are staged is neither followed nor waited for', async () => {
  const { client, finish } = await world()
  const plant =
    'cd /run/dragoman; for i in $(seq 50); do for n in 0 1; do ln -s /dev/full stage-$n$i; mkfifo stage-$n-$i; done; done'
  expect(await finish(plant)).toMatchObject({ code: 0 })
  expect(await finish('cat ~/main.sh | tail -n 1')).toMatchObject({ code: 0 })

  await finish('chmod 500 /run/dragoman')
  client.say({ type: 'run', job: 9, files: [{ path: 'main.sh', text: '' }] })
  expect(await client.next('refused')).toMatchObject({ what: 'run', code: 'file_refused' })
  client.say({ type: 'run', job: 10, files: [] })
  expect(await client.next('started')).toMatchObject({ job: 10 })
})
