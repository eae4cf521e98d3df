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

/** Name, number on x64, arguments, errno; a text stands for its address. */
const CALLS = [
  ['prlimit64', 302, '1, 7, $room, 0', 1],
  ['prlimit64 of a thread', 302, '2, 7, $room, 0', 1],
  ['sched_setaffinity', 203, '1, 8, $room', 1],
  ['sched_setscheduler', 144, '1, 5, $room', 1],
  ['sched_setattr', 314, '1, $room, 0', 1],
  ['ioprio_set', 251, '1, 1, 0', 1],
  ['words into the terminal', 16, '0, 0x5412, $room', 1],
  ['the same with more bits', 16, '0, 0x100005412, $room', 1],
  ['io_uring_setup', 425, '1, $room', 1],
  ['userfaultfd', 323, '1', 1],
  ['keyctl', 250, '0', 1],
  ['bpf', 321, '0', 1],
  ['AF_ALG', 41, '38, 5, 0', 97],
  ['AF_VSOCK', 41, '40, 1, 0', 97],
  ['its own prlimit64', 302, '0, 7, 0, $room', 0],
  ['a question by prlimit64', 302, '$$ + 0, 7, 0, $room', 0],
  ['a change by prlimit64, from far up', 302, '1, 7, 0x100000000, 0', 1],
  ['its own sched_getaffinity', 204, '0, 8, $room', 0],
] as const

test.runIf(process.arch === 'x64')(
  'calls by which it could be reached, and those that no language needs, are refused',
  async () => {
    const { finish } = await world()
    const lines = CALLS.map(
      ([name, number, args]) => `$! = 0; print "${name}: ", syscall(${number}, ${args}) < 0 ? $! + 0 : 0, "\\n";`,
    )
    const { output } = await finish(
      `cat >calls.pl <<'END'\nmy $room = "\\1" . "\\0" x 63;\n${lines.join('\n')}\nEND\nperl calls.pl; ulimit -n 100; ulimit -n`,
    )
    expect(output).toBe(`${CALLS.map(([name, , , errno]) => `${name}: ${errno}\n`).join('')}100\n`)
  },
)

test.runIf(process.arch === 'x64')('programs with numbers of another kind end', async () => {
  const { finish } = await world()
  expect(await finish(`perl -e 'syscall(0x40000000 + 39)'; echo $?`)).toMatchObject({
    output: expect.stringMatching(/159\n$/) as string,
  })
})
