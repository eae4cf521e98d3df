import { afterEach, beforeAll, expect, test } from 'vitest'

import { buildAgent } from '../cli/setup/build-agent.ts'
import type { SandboxedAgent } from './testing/sandboxed-agent.ts'
import { way } from './testing/way.ts'
import { SHELL, world as makeWorld, type World } from './testing/world.ts'

let executable: string
const agents: SandboxedAgent[] = []

beforeAll(async () => {
  ;({ path: executable } = await buildAgent())
})
afterEach(async () => {
  await Promise.all(agents.splice(0).map((agent) => agent.end()))
})

async function world(launch = SHELL, outputBytesMax?: number) {
  const made = await makeWorld(executable, launch, outputBytesMax)
  agents.push(made.agent)
  return made
}

/** What was killed has died and was reaped. */
const untilEmpty = ({ agent, client }: Pick<World, 'agent' | 'client'>) =>
  client.until('an empty sandbox', () => agent.processes().length === 0)

const ENDED = { type: 'ended', job: 1, stopped: false, outputSpent: false, diskFull: false }

test.each([
  ['exit 0', { code: 0 }],
  ['exit 7', { code: 7 }],
  ['exit 255', { code: 255 }],
  ['kill -TERM $$', { signal: 'SIGTERM' }],
  ['kill -SEGV $$', { signal: 'SIGSEGV' }],
  ['no-such-command', { code: 127 }],
])('%s is told as it was', async (text, status) => {
  const { finish } = await world()
  const { output: _output, ...ended } = await finish(text)
  const { type: _type, ...expected } = ENDED
  expect(ended).toEqual({ ...expected, ...status })
})

test('a program finds its own environment, user, groups and descriptors and nothing of the agent', async () => {
  const { finish } = await world()
  const { output } = await finish(
    'env -u _ | sort; id -u; id -g; id -G; (ls /proc/$$/fd >fds); tr "\\n" " " <fds; pwd; cat /proc/self/oom_score_adj; tty',
  )
  expect(output.split('\n').filter((line) => !/^(OLDPWD|SHLVL)=/.test(line))).toEqual([
    'HOME=/home/visitor',
    'LANG=C.UTF-8',
    'LOGNAME=visitor',
    'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/dragoman/bin',
    'PWD=/home/visitor',
    'SHELL=/bin/bash',
    'TERM=xterm-256color',
    'USER=visitor',
    '1000',
    '1000',
    '1000',
    expect.stringMatching(/^0 1 10 2 \/home\/visitor$/) as string, // 10 is sh's own, for its script
    '500',
    expect.stringMatching(/^\/dev\/pts\//) as string,
    '',
  ])
})

test('a program can neither signal the agent nor read what it knows', async () => {
  const { finish } = await world()
  const { output } = await finish(
    'kill -9 1; cat /proc/1/environ; touch /run/dragoman/x; for f in /proc/1/fd/*; do readlink $f; done',
  )
  if (!way.oneId) expect(output).toMatch(/kill: .*not permitted/)
  expect(output).toMatch(/environ: Permission denied/)
  if (!way.oneId) expect(output).toMatch(/\/run\/dragoman\/x.*(Permission denied|Read-only)/)
  expect(output).not.toMatch(/of-the-agent|socket:/)
})

test.runIf(!way.oneId)('the agent’s own place, which a pod’s volume leaves open to all, is closed to programs', async () => {
  const { finish } = await world()
  expect(await finish('stat -c %a /run/dragoman; ls /run/dragoman; mkdir /run/dragoman/x')).toMatchObject({
    output: expect.stringMatching(/^755\n.*Permission denied/) as string,
  })
})

test('what fails to compile is not run, and its status is the job’s', async () => {
  const { finish } = await world({ ...SHELL, compile: 'echo compiled; sh -n main.sh; (exit 9)', run: 'echo ran' })
  expect(await finish('true')).toMatchObject({ code: 9, output: 'compiled\r\n' })
})

test('what compiles is run in the shell it was started from', async () => {
  const { finish } = await world({ ...SHELL, compile: 'cp main.sh made.sh', run: 'sh made.sh' })
  expect(await finish('echo made; exit 3')).toMatchObject({ code: 3, output: 'made\n' })
})

test('a megabyte printed just before the end arrives whole before the end is told', async () => {
  const { client, finish } = await world()
  const { output } = await finish('head -c 1000000 /dev/zero | tr "\\0" x; printf last')
  expect(output).toBe(`${'x'.repeat(1_000_000)}last`)
  expect(client.heard.at(-1)).toMatchObject({ at: 1_000_004, message: { type: 'ended' } })
})

test('bytes that are no text stay as they are', async () => {
  const { client, run } = await world()
  run(`printf '\\377\\000\\302\\r\\n\\200'`)
  await client.next('ended')
  expect([...client.bytes()]).toEqual([0xff, 0, 0xc2, 13, 10, 0x80])
})

test('a run ends the one before and everything that it left behind', async () => {
  const { agent, client, runUntil, run } = await world()
  await runUntil(
    `(setsid sh -c 'trap "" HUP INT TERM; (sleep 1001 &) ; exec sleep 1002' </dev/null >/dev/null 2>&1 &)
     trap "" INT TERM HUP; echo ready; sleep 1003; sleep 1004`,
    'ready\n',
  )
  run('ps -e -o args= | grep -c "[s]leep"')
  expect(await client.next('ended')).toMatchObject({ job: 1, stopped: true })
  const printedBefore = client.output()
  expect(await client.next('ended')).toMatchObject({ job: 2, code: 1 })
  expect(client.output().slice(printedBefore.length)).toBe('0\n')
  await untilEmpty({ agent, client })
})

test('what a program leaves behind ends with it, and does not hold up its end', async () => {
  const made = await world()
  expect(await made.finish('setsid sh -c "sleep 1001; echo never" & exit 2')).toMatchObject({ code: 2 })
  await untilEmpty(made)
})

test('a program that ignores every polite signal is stopped', async () => {
  const { agent, client, runUntil } = await world()
  await runUntil('trap "" HUP INT QUIT TERM PIPE; echo ready; while :; do sleep 1000; done', 'ready\n')
  client.say({ type: 'stop' })
  expect(await client.next('ended')).toMatchObject({ stopped: true, signal: 'SIGKILL' })
  await untilEmpty({ agent, client })
})

test('so is one that forks without end', async () => {
  const { agent, client, runUntil } = await world()
  agent.limitProcesses(40)
  await runUntil('echo ready; f() { f | f & }; f; while :; do :; done', 'ready\n')
  await client.until('refused forks', () => agent.refusedForks() > 0)
  client.say({ type: 'stop' })
  expect(await client.next('ended')).toMatchObject({ stopped: true })
  await untilEmpty({ agent, client })
})

test('at the limit of processes, under a flood, the agent itself goes on', async () => {
  const { agent, client, runUntil, finish } = await world()
  agent.limitProcesses(40)
  const bomb = 'yes & for i in $(seq 20); do sleep 1000 & done; echo ready; (f() { f | f & }; f); while :; do (:); done'
  await runUntil(`exec bash -c '${bomb}'`, 'ready\n')
  client.keepsOutput = false
  const from = client.end()
  await client.until('20 MB and refused forks', () => agent.refusedForks() > 0 && client.end() - from > 20_000_000)
  client.say({ type: 'stop' })
  expect(await client.next('ended')).toMatchObject({ stopped: true })
  client.keepsOutput = true
  expect(await finish('echo well')).toMatchObject({ output: 'well\n' })
})

test('stop without a job does nothing', async () => {
  const { client, finish } = await world()
  client.say({ type: 'stop' })
  expect(await finish('echo hi')).toMatchObject({ stopped: false, output: 'hi\n' })
})

test('orphans that end are reaped while the program runs', async () => {
  const { agent, client, runUntil } = await world()
  await runUntil('for i in $(seq 200); do (true &); done; echo ready; exec sleep 1000', 'ready\n')
  const alive = () => agent.processes().filter(({ name }) => name !== 'sleep')
  while (alive().length > 0) {
    client.say({ type: 'ping' })
    await client.next('pong')
  }
  expect(agent.processes()).toMatchObject([{ name: 'sleep' }])
})

test('a job may print just as much as it may, and is ended at a byte more', async () => {
  const { finish } = await world(SHELL, 100_000)
  expect(await finish('head -c 100000 /dev/zero')).toMatchObject({ code: 0, outputSpent: false, output: '\0'.repeat(100_000) })
  expect(await finish('head -c 100001 /dev/zero; sleep 1000')).toMatchObject({ outputSpent: true, output: '\0'.repeat(100_000) })
})

test('a full disk is told with the end', async () => {
  const { finish } = await world()
  expect(await finish('head -c 9000000 /dev/zero >big')).toMatchObject({ code: 1, diskFull: true })
  expect(await finish('rm big; i=0; while : >f$i; do i=$((i+1)); done')).toMatchObject({ code: 2, diskFull: true })
})

test('the prompt of a run is told once, with the time it took', async () => {
  const { client, run } = await world({ ...SHELL, prompt: '^> $' })
  run('printf "one\\n> "; read x; printf "> "; read x')
  expect(await client.next('prompt')).toMatchObject({ job: 1, at: 6 })
  client.type('\n\n')
  await client.next('ended')
  expect(client.heard.filter(({ message }) => message.type === 'prompt')).toHaveLength(1)
})

test('the prompt can be opened anew', async () => {
  const { client, finish } = await world({ ...SHELL, repl: 'printf "> "; read x; exit 6', prompt: '> $' })
  await finish('echo ran')
  client.say({ type: 'repl', job: 2 })
  await client.next('started')
  expect(await client.next('prompt')).toMatchObject({ job: 2 })
  client.type('\n')
  expect(await client.next('ended')).toMatchObject({ job: 2, code: 6 })
})

test('the daemon of a language is there again after each job', async () => {
  const { agent, client, finish } = await world({ ...SHELL, daemon: 'exec sleep 1000' })
  await finish('echo ran')
  await client.until('the daemon', () => agent.processes().some(({ name, state }) => name === 'sleep' && state !== 'Z'))
  expect(await finish('ps -e -o args= | grep -c "[s]leep 1000"')).toMatchObject({ output: '1\n' })
})

test.each([
  [{ lang: 'x', main: 'm', repl: 'echo; cat' }, 'run', 'no_run'],
  [SHELL, 'repl', 'no_repl'],
] as const)('a language without one refuses: %j %s', async (launch, type, code) => {
  const { client } = await world(launch)
  client.say(type === 'run' ? { type, job: 1, files: [] } : { type, job: 1 })
  expect(await client.next('refused')).toMatchObject({ what: type, code })
})

test('a name outside the home is refused before anything is written', async () => {
  const { client, finish } = await world()
  client.say({ type: 'run', job: 1, files: [{ path: 'written', text: '' }, { path: '../x', text: '' }] }) // prettier-ignore
  expect(await client.next('refused')).toMatchObject({ what: 'run', code: 'bad_file_name', detail: '../x' })
  expect(await finish('ls')).toMatchObject({ output: 'main.sh\n' })
})

test('files are written into folders, with the name and text they have', async () => {
  const { client } = await world({ ...SHELL, run: "cat './a b/-c/'*" })
  client.say({ type: 'run', job: 1, files: [{ path: "a b/-c/it's", text: 'x\0ü\n' }] })
  await client.next('ended')
  expect(client.output()).toBe('x\0ü\r\n')
})

test.each([
  ['a link out of the home', 'ln -s /tmp/canary main.sh; echo secret >/tmp/canary'],
  ['a link into the kernel', 'ln -s /proc/self/mem main.sh'],
  ['a pipe', 'mkfifo main.sh'],
  ['a file nobody may write', 'true >main.sh; chmod 000 main.sh'],
])('%s planted in place of the program is replaced, not followed', async (_name, plant) => {
  const { finish } = await world()
  await finish(`rm main.sh; ${plant}`)
  expect(await finish('test -f main.sh && ! test -L main.sh && echo replaced; cat /tmp/canary')).toMatchObject({
    output: `replaced\n${plant.includes('canary') ? 'secret' : 'cat: /tmp/canary: No such file or directory'}\n`,
  })
})

test.each([
  ['a folder in its place', 'mkdir main.sh'],
  ['a home that is closed', 'chmod 000 .'],
  ['a full disk', 'head -c 9000000 /dev/zero >big'],
])('%s is a refusal, and the agent goes on', async (_name, plant) => {
  const { client, run, finish } = await world()
  await finish(`rm main.sh; ${plant}`)
  run(`: ${'x'.repeat(20_000)}`)
  expect(await client.next('refused')).toMatchObject({ what: 'run', code: 'file_refused', detail: 'main.sh' })
  client.say({ type: 'run', job: 9, files: [{ path: '/tmp', text: '' }] })
  expect(await client.next('refused')).toMatchObject({ what: 'run', code: 'bad_file_name' })
})

test('runs that come all at once are done one by one, up to a limit', async () => {
  const { client, run } = await world()
  for (let i = 0; i < 20; i++) run('sleep 1000')
  expect(await client.next('refused')).toMatchObject({ what: 'run', code: 'busy' })
  await client.until('the last', () => client.heard.some(({ message }) => message.type === 'started' && message.job === 16))
  client.say({ type: 'stop' })
  await client.until('its end', () => client.heard.some(({ message }) => message.type === 'ended' && message.job === 16))
  const order = client.heard.flatMap(({ message }) =>
    'job' in message && message.type !== 'attached' ? [`${message.type} ${message.job}`] : [],
  )
  expect(order).toEqual(Array.from({ length: 16 }, (_, i) => [`started ${i + 1}`, `ended ${i + 1}`]).flat())
})

test('a program has its arguments and flags, and its input in place of the terminal', async () => {
  const run = 'echo "args:$#:$2"; cat; [ -t 0 ] || echo no terminal; ls -A; : </dev/tty && echo but one to ask'
  const { client } = await world({ lang: 'sh', main: 'main.sh', compile: 'stty -opost; echo "flags:$*"', run })
  client.say({ type: 'run', job: 1, files: [], args: ['a', "b 'c' $d"], flags: ['-O2', '-g'], input: 'line\n' })
  expect(await client.next('ended')).toMatchObject({ job: 1, code: 0 })
  expect(client.output()).toBe("flags:-O2 -g\nargs:2:b 'c' $d\nline\nno terminal\nbut one to ask\n")
})
