import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'

import { memoryObjectStore } from '#lib/adapters/memory/object-store.ts'
import { NOTHING, ociWorld } from '#lib/adapters/oci-runtime/testing.ts'
import { tinyRoot } from '#lib/adapters/oci-runtime/testing-image.ts'
import { tarAgentArchives } from '#lib/adapters/tar/agent-archives.ts'
import { releasedAgents } from '#lib/adapters/tar/agent-binaries.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import type { ImageRoots } from '#lib/application/ports/image-roots.ts'
import type { Sandboxes } from '#lib/application/ports/sandboxes.ts'
import type { AgentRelease } from '#lib/domain/agent-release.ts'
import type { Artifact } from '#lib/domain/artifact.ts'
import { langId, sandboxId, type LangId, type SandboxId, type SessionId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import { err, ok } from '#lib/domain/result.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import type { JobEvent } from '#lib/protocol/browser.ts'

import { buildAgent, bunPackage, compileAgent } from '../../../cli/setup/build-agent.ts'
import { publishAgent } from '../agents/publish-agent.ts'
import { digestOf } from '../testing/builds.ts'
import { python, world as memoryWorld } from '../testing/world.ts'
import { openSession } from './open-session.ts'
import { outputShare } from './output-share.ts'
import { Session } from './session.ts'
import { NO_VIEWER, type Viewer } from './viewer.ts'
import { greet, heard, prepare, startPlain } from './warm-up.ts'

const soon = () => AbortSignal.timeout(30_000)
/** What comes at once comes later on a busy machine. */
const PATIENCE = { timeout: 30_000 }
const SIZE = terminalSize(80, 24)
/** The agent of protocol 2, as its bundle is kept. */
const BEFORE = '0.1.0-before'
const FIXTURE = 'agent/fixtures/agent-protocol-2.js'

const folder = mkdtempSync(join(tmpdir(), 'dragoman-protocols-'))
let machine: Awaited<ReturnType<typeof ociWorld>>
let sandboxes: Sandboxes
let now: string

/** The agent before as a release that has to be fetched, today's as the server's own; an image of a shell for both. */
beforeAll(async () => {
  const [built, root] = [join(folder, 'built'), join(folder, 'root')]
  await mkdir(built)
  compileAgent((await bunPackage()).path, { entry: FIXTURE, outfile: join(built, 'dragoman-agent'), version: BEFORE })
  const own = await buildAgent()
  now = own.version
  const releases = new Map<string, AgentRelease>()
  const world = {
    objects: memoryObjectStore(),
    archives: tarAgentArchives(folder),
    artifacts: {
      releases: async (version = BEFORE) => [...releases.values()].filter((release) => release.version === version),
      async release(version: string, { digest, size, facts }: Artifact) {
        releases.set(version, { version, digest, size, facts, madeAt: new Date(0) })
        return true
      },
    },
  }
  const facts = { protocol: 2, program: digestOf(BEFORE) }
  expect(await publishAgent(world, { version: BEFORE, folder: built, facts }, soon())).toMatchObject({ ok: true })
  const agents = releasedAgents({ ...world, folder: join(folder, 'agents'), own })
  await tinyRoot(root, { commands: ['cp', 'seq', 'stty', 'tr'] })
  await writeFile(join(root, 'dragoman-agent'), '')
  const hold: ImageRoots['hold'] = async ({ agent }) => {
    const agentPath = await agents.path(agent)
    return agentPath ? ok({ rootPath: root, agentPath, release() {} }) : err({ code: 'no_agent', version: agent })
  }
  machine = await ociWorld({ sandboxesMax: 8, roots: { hold } })
  sandboxes = await machine.open()
})
afterEach(() => expect(machine.ledger().processes).toEqual([]))
afterAll(async () => {
  await sandboxes.close()
  expect(machine.ledger()).toEqual(NOTHING)
  await machine.end()
  rmSync(folder, { recursive: true })
})

/** A shell, since there is one on every machine, under an agent of that version. */
function shell(id: string, agent: string): Language {
  const lang = langId(id) as LangId
  return {
    ...{ ...python, id: lang, main: 'main.sh', needs: [], packages: [], run: 'sh main.sh' },
    ...{ repl: `PS1='${id}> ' sh -i`, prompt: `${id}> $`, format: 'tr a-z A-Z', setup: 'exit 3' },
    foundation: { lang, image: digestOf('an image'), agent },
  }
}

/** A server that has just started. */
function server() {
  const { deps, metrics } = memoryWorld()
  const world = { ...deps, sandboxes, clock: systemClock, share: outputShare(systemClock, 24_000_000) }
  const ask = { address: '192.0.2.1', size: SIZE, phase: () => {} }
  return {
    ...{ world, metrics },
    async open(language: Language): Promise<Session> {
      const opened = await openSession(world, { ...ask, language, signal: soon() })
      if (!opened.ok) throw new Error(`Not opened: ${opened.error.code}`)
      return opened.value.session
    },
  }
}

/** Somebody who looks at the session from an offset on, and draws what comes. */
async function watch(session: Session, from = 0) {
  let [text, end] = ['', from]
  const jobs: JobEvent[] = []
  const viewer: Viewer = {
    ...NO_VIEWER,
    output(offset, bytes) {
      text += Buffer.from(bytes).toString()
      end = offset + bytes.length
      session.ack(end)
    },
    job: (event) => void jobs.push(event),
  }
  expect(await session.attach(viewer, from, SIZE)).toMatchObject({ ok: true })
  return { viewer, jobs, text: () => text, end: () => end }
}

/** What a visitor does: the prompt, a run, a formatter, a reload while it prints, and the end. */
async function visit(session: Session, id: string): Promise<void> {
  const first = await watch(session)
  await expect.poll(first.text, PATIENCE).toBe(`${id}> `)
  session.input(0, Buffer.from('echo $((6 * 7))\n'))
  await expect.poll(first.text, PATIENCE).toContain(`\r\n42\r\n${id}> `)

  const text = 'stty -opost; echo run of $0; read line; seq 20000; echo said $line; exit 4\n'
  expect(await session.run({ files: [{ path: 'main.sh', text }] })).toMatchObject({ ok: true, value: { job: 1 } })
  await expect.poll(first.text, PATIENCE).toContain('run of main.sh\n')
  expect(await session.format('task\n')).toEqual({ ok: true, value: { text: 'TASK\n' } })

  session.detach(first.viewer)
  session.input(16, Buffer.from('while nobody looked\n'))
  const second = await watch(session, first.end())
  const counted = Array.from({ length: 20_000 }, (_, i) => `${i + 1}\n`).join('')
  await expect.poll(second.text, PATIENCE).toContain('said while nobody looked\n')
  expect(second.text().endsWith(`${counted}said while nobody looked\n`)).toBe(true)
  const ended = { job: 1, state: 'ended', ending: expect.objectContaining({ reason: 'exit', code: 4 }) }
  await expect.poll(() => second.jobs.at(-1), PATIENCE).toMatchObject(ended)
  await session.end('left')
}

test('languages under the agent of today and the one before are served side by side', async () => {
  const { open, metrics } = server()
  const [old, today] = await Promise.all([open(shell('old', BEFORE)), open(shell('today', now))])

  await Promise.all([visit(old, 'old'), visit(today, 'today')])

  const seen = [...metrics.values].filter(([name]) => /agent_version|agent_faults|setup/.test(name))
  expect(Object.fromEntries(seen)).toEqual({
    [`dragoman_agent_version_info{${BEFORE}}`]: 1,
    [`dragoman_agent_version_info{${now}}`]: 1,
    'dragoman_setup_failures_total{old,failed}': 1,
    'dragoman_setup_failures_total{today,failed}': 1,
  })
})

test('a server that starts again goes on with the agents of both protocols where the last one stopped', async () => {
  for (const [number, agent] of [BEFORE, now].entries()) {
    const { world } = server()
    const language = shell('sh', agent)
    const id = sandboxId(`sb${String(number).repeat(20)}`) as SandboxId
    const plain = await startPlain(world, id, language, soon())
    const warm = plain.ok ? await prepare(world, plain.value, language, SIZE, soon()) : plain
    if (!warm.ok) throw new Error(`Not prepared: ${warm.error.code}`)
    const { sandbox, link } = warm.value
    const claimed = heard(link, ['claimed'], soon())
    link.send({ type: 'claim', session: 's', epoch: 1, token: 't', lifeMs: 60_000 })
    await claimed
    link.close('done')

    const again = server()
    const session = new Session({
      ...{
        id: 's' as SessionId,
        tokenHash: '',
        address: '',
        language,
        sandbox,
        link: await greet(again.world, sandbox, soon(), 2),
      },
      ...{ firstJob: 10, graceMs: 60_000, lifeMs: 60_000, epoch: 2, ended() {}, released() {} },
      ...{ clock: systemClock, metrics: again.metrics, share: again.world.share },
    })
    const seen = await watch(session, 2)
    await expect.poll(seen.text, PATIENCE).toBe('> ')
    session.input(0, Buffer.from('echo on; exit\n'))
    await expect.poll(seen.text, PATIENCE).toContain('\r\non\r\n')
    await session.end('left')
  }
})
