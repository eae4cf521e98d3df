import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Sandbox, Sandboxes } from '#lib/application/ports/sandboxes.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'
import { fromAgent, serverHello, type ToAgent } from '#lib/protocol/agent.ts'
import { controlFrame, dataHead, FrameReader, PTY_STREAM } from '#lib/protocol/frame.ts'

import { selfTest } from './self-test.ts'
import { killedServer } from './testing-restart.ts'
import { newId, NOTHING, ociWorld, type World } from './testing.ts'

const MIB = 1024 * 1024
/** Far above what it takes: a kernel of its own starts in a fifth of a second here. */
const soon = () => AbortSignal.timeout(20_000)

let world: World
let sandboxes: Sandboxes

beforeEach(async () => {
  world = await ociWorld({ runtime: 'runsc' })
  sandboxes = await world.open()
})

/** Each test ends by proving that nothing of it is left. */
afterEach(async () => {
  await sandboxes.close()
  expect(world.ledger()).toEqual(NOTHING)
  await world.end()
})

/** Speaks to the agent; `until` answers what the terminal printed before a message of that type. */
async function talk(sandbox: Sandbox) {
  const stream = await sandbox.dial(soon())
  const reader = new FrameReader()
  const chunks = stream[Symbol.asyncIterator]() as AsyncIterator<Buffer>
  const waiting: ReturnType<typeof fromAgent.parse>[] = []
  let printed = ''
  const say = (...words: ToAgent[]) => words.forEach((word) => stream.write(controlFrame(word)))
  async function more(): Promise<void> {
    const { value, done } = await chunks.next()
    const frames = done ? undefined : reader.push(value)
    if (!frames?.ok) throw new Error(`The agent hung up after ${JSON.stringify(printed)}`)
    for (const frame of frames.value) {
      if (frame.kind === 'control') waiting.push(fromAgent.parse(frame.message))
      else printed += Buffer.from(frame.bytes).toString()
    }
  }
  say(serverHello(sandbox.key))
  return {
    say,
    stream,
    async heard<T extends ReturnType<typeof fromAgent.parse>['type']>(type: T, job?: number) {
      for (;;) {
        const at = waiting.findIndex((word) => word.type === type && (job === undefined || ('job' in word && word.job === job)))
        if (at >= 0) return waiting.splice(at, 1)[0] as Extract<ReturnType<typeof fromAgent.parse>, { type: T }>
        await more()
      }
    },
    async sees(text: string) {
      while (!printed.includes(text)) await more()
    },
  }
}

const LAUNCH = { lang: 'sh', main: 'main.sh', repl: 'PS1="ready> " exec sh -i', prompt: 'ready> ', run: 'exec sh main.sh' }

/** With a prompt open, claimed and attached. */
async function opened() {
  const sandbox = await world.start(sandboxes)
  const agent = await talk(sandbox)
  await agent.heard('hello')
  agent.say({ type: 'prepare', launch: LAUNCH, cols: 80, rows: 24, outputBytesMax: MIB })
  expect(await agent.heard('ready')).toMatchObject({ canary: 'blocked', atPrompt: true })
  agent.say({ type: 'claim', session: sandbox.id, epoch: 1, token: sandbox.id, lifeMs: 60_000 }, { type: 'attach', offset: 0 })
  await agent.heard('attached')
  return { sandbox, agent }
}

test('a prompt, a program, its end and an endless one that is stopped', async () => {
  const { sandbox, agent } = await opened()
  await agent.sees('ready> ')

  agent.say({ type: 'run', job: 1, files: [{ path: 'main.sh', text: 'tty; : <"$(tty)" && echo mine; exit 3' }] })
  expect(await agent.heard('ended', 1)).toMatchObject({ code: 3, stopped: false })
  await agent.sees('/dev/pts/')
  await agent.sees('mine')
  agent.say({
    type: 'run',
    job: 2,
    files: [{ path: 'main.sh', text: '(setsid sleep 1000 &) ; echo endless; while :; do :; done' }],
  })
  await agent.sees('endless')
  agent.say({ type: 'stop' })
  expect(await agent.heard('ended', 2)).toMatchObject({ stopped: true })
  agent.stream.destroy()
  expect(await world.run(sandbox, 'cat /proc/[0-9]*/cmdline | tr "\\0" " "')).not.toContain('sleep 1000')
})

test('Ctrl-C interrupts what runs, not the shell that waits for it', async () => {
  const { agent } = await opened()
  let typed = 0
  const type = (text: string) => {
    agent.stream.write(Buffer.concat([dataHead(PTY_STREAM, typed, text.length), Buffer.from(text)]))
    typed += text.length
  }
  await agent.sees('ready> ')

  type('trap "echo int""errupted" INT; cat; echo after-$?\r')
  await agent.sees('cat; echo')
  type('abc\r')
  await agent.sees('abc\r\nabc')
  type('\x03')
  await agent.sees('after-130')
  agent.stream.destroy()
})

test('it is the visitor who runs, without a network; of all that there is for it here, the file server alone is root', async () => {
  const sandbox = await world.start(sandboxes)

  expect(await world.run(sandbox, 'id -un; hostname; pwd')).toBe('visitor\ndragoman\n/home/visitor')
  expect(await world.run(sandbox, 'tail -n +3 /proc/net/dev | cut -d: -f1')).toBe('lo')
  const roots = world.ledger().processes.filter((pid) => /^Uid:\s+0\s/m.test(aboutOf(pid, 'status')))
  expect(roots.map((pid) => aboutOf(pid, 'cmdline').split('\0', 1))).toEqual([['runsc-gofer']])
  expect(aboutOf(roots[0] ?? 0, 'status')).toMatch(/^Seccomp:\s+2$/m)
})

const aboutOf = (pid: number, what: string) => readFileSync(`/proc/${pid}/${what}`, 'utf8')

test('limits stand in the groups of the machine, with room for the kernel inside', async () => {
  const { id } = await world.start(sandboxes, { memoryBytes: 128 * MIB, processes: 40, cpus: 0.5 })

  expect(Number(world.control(id, 'memory.limit_in_bytes'))).toBe((128 + 96) * MIB)
  expect(world.control(id, 'cpu.cfs_quota_us')).toBe('50000')
  expect(world.control(id, 'pids.max')).toBe(String(40 * 16 + 256))
})

test('one that is short of memory ends, by that reason', async () => {
  const sandbox = await world.start(sandboxes, { memoryBytes: 64 * MIB })
  const run = world.run(sandbox, `perl -e 'my @held; push @held, "x" x 1048576 for 1..400'`).catch((error: unknown) => error)

  expect(await sandbox.exited).toEqual({ reason: 'memory' })
  expect(await run).toBeInstanceOf(Error)
})

test('an agent that quits ends its sandbox, and what outlives nobody', async () => {
  const sandbox = await world.start(sandboxes)
  const agent = await talk(sandbox)
  agent.stream.on('error', () => undefined)
  agent.say({ type: 'quit' })

  expect(await sandbox.exited).toMatchObject({ reason: 'quit' })
  expect(world.ledger().processes).toEqual([])
})

test('a start that is given up leaves nothing', async () => {
  const giveUp = new AbortController()
  const starting = sandboxes.start(newId(), { limits: DEFAULT_LIMITS }, giveUp.signal)
  setImmediate(() => giveUp.abort())

  expect(await starting).toMatchObject({ ok: false, error: { code: 'start_failed' } })
  expect(world.ledger().processes).toEqual([])
})

test('a sandbox outlives its server, is dialled again and adopted', async () => {
  const ids = [newId(), newId()] as const
  const [key = ''] = await killedServer(world, ids)
  const adopted = await sandboxes.adopt(ids[0], key)
  if (!adopted) throw new Error('Not adopted')

  expect(await world.run(adopted, 'echo still here')).toBe('still here')
  expect(await world.run(adopted, 'echo and again')).toBe('and again')
  expect(await sandboxes.sweep(new Set([ids[0]]))).toBe(1)
  await adopted.destroy()
  expect(await adopted.exited).toEqual({ reason: 'killed' })
  expect(world.ledger().processes).toEqual([])
})

const failures = (results: Awaited<ReturnType<typeof selfTest>>) => results.filter(({ ok }) => !ok)

test('every hostile program is refused', async () => {
  const results = await selfTest(sandboxes, 'runsc')

  expect(failures(results)).toEqual([])
  expect(results.length).toBeGreaterThan(18)
})

test('a runtime that forgets its filter, the limit of processes or to be without network is found out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-runtime-'))
  const runtimePath = join(folder, 'runtime')
  const forgets = 's/"seccomp"/"forgotten"/; s/"48"/"96"/'
  await writeFile(
    runtimePath,
    `#!/bin/sh
for last; do case "$previous" in --bundle) perl -0 -pi -e '${forgets}' "$last/config.json" ;; esac; previous=$last; done
case "$*" in *--network=none*) ;; *) exit 9 ;; esac
exec runsc "$@"
`,
  )
  await chmod(runtimePath, 0o755)
  const other = await ociWorld({ runtime: 'runsc', runtimePath })
  const forgetful = await other.open()

  const names = failures(await selfTest(forgetful, 'runsc')).map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['system calls are refused', 'system calls are filtered']))
  expect(names).toContain('the limit of processes holds')
  await forgetful.close()
  expect(other.ledger()).toEqual(NOTHING)
  await other.end()
  await rm(folder, { recursive: true })
})
