import { once } from 'node:events'
import { connect } from 'node:net'

import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { memoryMetrics } from '#lib/adapters/memory/log.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import type { Sandbox } from '#lib/application/ports/sandboxes.ts'
import { sandboxId, type SandboxId, type SessionId } from '#lib/domain/ids.ts'
import { terminalSize } from '#lib/domain/terminal-size.ts'
import { INPUT_WINDOW_BYTES, SILENCE_MS } from '#lib/protocol/agent.ts'

import { SandboxedAgent } from '../../../agent/testing/sandboxed-agent.ts'
import { CLAIM } from '../../../agent/testing/world.ts'
import { buildAgent } from '../../../cli/setup/build-agent.ts'
import { python } from '../testing/world.ts'
import { Wire } from '../testing/wire.ts'
import { outputShare } from './output-share.ts'
import type { AgentLink } from './agent-link.ts'
import { Session, type SessionParts } from './session.ts'
import { NO_VIEWER, type Viewer } from './viewer.ts'
import { greet, heard, isFenced } from './warm-up.ts'

const RUNS = 60
const MS_MAX = 20_000
const soon = () => AbortSignal.timeout(20_000)
const SIZE = terminalSize(80, 24)
const id = sandboxId(`sb${'0'.repeat(20)}`) as SandboxId

/** Says each byte again, and after a capital letter as many thousand more as its place in the alphabet. */
const PROGRAM = `stty raw -echo; exec perl -e '$| = 1; print "#";
  while (sysread STDIN, my $in, 65536) {
    my $out = "";
    for (split //, $in) { $out .= $_; $out .= chr(97 + $n++ % 26) x (1000 * (ord($_) - 64)) if /[A-Z]/ }
    print $out;
  }'`
/** What it prints in answer to all this. */
function answered(typed: string): string {
  let n = 0
  const blocks = [...typed].map((c) =>
    /[A-Z]/.test(c) ? c + String.fromCharCode(97 + (n++ % 26)).repeat(1000 * (c.charCodeAt(0) - 64)) : c,
  )
  return `#${blocks.join('')}`
}

let agent: SandboxedAgent
let epoch = 0
let job = 0

// An agent that stands still is given up after 15 s, which pass while the rest runs.
let hung: { agent: SandboxedAgent; ended: Promise<{ reason: string; ms: number }> }

beforeAll(async () => {
  const { path } = await buildAgent()
  hung = await hang(await SandboxedAgent.start(path))
  agent = await SandboxedAgent.start(path)
  const { link } = await dial(100_000)
  const ready = heard(link, ['ready'], soon())
  const launch = { lang: 'perl', main: 'main', run: PROGRAM }
  link.send({ type: 'prepare', launch, cols: 80, rows: 24, outputBytesMax: 1e9 })
  await ready
  const claimed = heard(link, ['claimed'], soon())
  link.send(CLAIM)
  await claimed
  link.close('done')
})
afterAll(() => Promise.all([agent.end(), hung.agent.end()]))

const metrics = memoryMetrics()
const world = { clock: systemClock, metrics, share: outputShare(systemClock, 1e9) }

async function dial(pieceBytes: number, as = ++epoch, to = agent) {
  const socket = connect(to.path)
  await once(socket, 'connect')
  const wire = new Wire(socket, pieceBytes)
  const sandbox: Sandbox = {
    ...{ id, key: to.key, dial: async () => wire, mark: async () => {}, read: async () => undefined },
    ...{ exited: new Promise(() => {}), destroy: async () => {} },
  }
  return { wire, sandbox, link: await greet(world, sandbox, soon(), as) }
}

async function hang(to: SandboxedAgent): Promise<typeof hung> {
  const { sandbox, link } = await dial(100_000, 0, to)
  const from = performance.now()
  const ended = new Promise<{ reason: string; ms: number }>((resolve) => {
    const session = sessionOf(sandbox, link, (_, reason) => resolve({ reason, ms: performance.now() - from }))
    expect(session.state).toBe('parked')
  })
  process.kill(to.pid, 'SIGSTOP')
  return { agent: to, ended }
}

const sessionOf = (sandbox: Sandbox, link: AgentLink, ended: SessionParts['ended'] = () => {}) =>
  new Session({
    ...{ id: 's' as SessionId, tokenHash: '', address: '', language: python, sandbox, link, firstJob: (job += 1000) },
    ...{ graceMs: 60_000, lifeMs: 60_000, epoch: 1, ended, released() {}, ...world },
  })

type Replica = { readonly wire: Wire; readonly session: Session; readonly viewer: Viewer; seenEnd: number; mayHaveSeen: number }

/** One page of one visitor, who goes from replica to replica; what was typed is kept until it was taken. */
class Visitor {
  typed = ''
  seen = ''
  /** Of the agent's streams, at the beginning of the case. */
  outputFrom = 0
  inputFrom = 0
  isDrawing = true
  replica: Replica | undefined
  readonly former: Replica[] = []
  #end = 0
  #acked = 0
  #sent = 0

  /** At a new replica, or at the same again. */
  async goTo(replica: Replica): Promise<void> {
    this.replica = replica
    const offset = this.#end
    const attached = await replica.session.attach(replica.viewer, offset, SIZE)
    if (!attached.ok) return // cut meanwhile
    const { from, end, inputEnd } = attached.value
    expect(from).toBe(offset)
    for (const before of this.former) before.mayHaveSeen = Math.min(before.mayHaveSeen, end)
    this.#sent = this.#acked = inputEnd
    this.#send()
  }

  async begin(replica: Replica): Promise<void> {
    this.replica = replica
    const attached = await replica.session.attach(replica.viewer, Number.MAX_SAFE_INTEGER / 2 ** 10, SIZE)
    if (!attached.ok) throw new Error('Not attached')
    this.#end = this.outputFrom = attached.value.from
    this.#sent = this.#acked = this.inputFrom = attached.value.inputEnd
    expect(await replica.session.run({ files: [] })).toMatchObject({ ok: true })
    await expect.poll(() => this.seen).toBe('#')
  }

  type(text: string): void {
    this.typed += text
    this.#send()
  }

  viewerOf(replica: () => Replica): Viewer {
    return {
      ...NO_VIEWER,
      output: (offset, bytes) => {
        replica().seenEnd = offset + bytes.length
        if (replica() !== this.replica) return
        expect(offset).toBe(this.#end)
        this.seen += Buffer.from(bytes).toString('latin1')
        this.#end += bytes.length
        if (this.isDrawing) replica().session.ack(this.#end)
      },
      inputAck: (offset) => {
        if (replica() !== this.replica) return
        this.#acked = Math.max(this.#acked, offset)
        this.#send()
      },
    }
  }

  draw(isDrawing: boolean): void {
    this.isDrawing = isDrawing
    if (isDrawing) this.replica?.session.ack(this.#end)
  }

  #send(): void {
    const until = Math.min(this.inputFrom + this.typed.length, this.#acked + INPUT_WINDOW_BYTES)
    if (until <= this.#sent) return
    const bytes = Buffer.from(this.typed.slice(this.#sent - this.inputFrom, until - this.inputFrom))
    this.replica?.session.input(this.#sent, bytes)
    this.#sent = until
  }
}

async function replicaFor(visitor: Visitor, pieceBytes: number, as?: number): Promise<Replica> {
  const { wire, sandbox, link } = await dial(pieceBytes, as)
  const session = sessionOf(sandbox, link)
  const replica: Replica = { wire, session, viewer: visitor.viewerOf(() => replica), seenEnd: 0, mayHaveSeen: Infinity }
  return replica
}

/** What may happen to a session between two keystrokes. */
type Step =
  | { readonly step: 'type'; readonly text: string }
  /** Another replica, or the same again, while the one before is still there, is not heard for a while, or is cut off. */
  | {
      readonly step: 'move'
      readonly before: 'stays' | 'is held' | 'is gone'
      readonly sameEpoch: boolean
      readonly pieceBytes: number
    }
  | { readonly step: 'cut'; readonly afterBytes: number }
  | { readonly step: 'reload' }
  | { readonly step: 'draw'; readonly isDrawing: boolean }
  /** A replica that was long away believes that the session is still its own. */
  | { readonly step: 'late'; readonly epochsBefore: number }

const text = fc.string({ unit: fc.constantFrom(...'abcdefgh \n0123456789'), maxLength: 6000 })
/** Twelve times as much is more than the window and less than the ring. */
const capitals = fc.string({ unit: fc.constantFrom(...'ABF'), minLength: 1, maxLength: 3 })
const pieceBytes = fc.constantFrom(1, 7, 1000, 100_000)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ step: fc.constant('type' as const), text: fc.oneof(text, capitals) }),
  fc.record({
    step: fc.constant('move' as const),
    before: fc.constantFrom('stays' as const, 'is held' as const, 'is gone' as const),
    sameEpoch: fc.boolean(),
    pieceBytes,
  }),
  fc.record({ step: fc.constant('cut' as const), afterBytes: fc.nat(40_000) }),
  fc.record({ step: fc.constant('reload' as const) }),
  fc.record({ step: fc.constant('draw' as const), isDrawing: fc.boolean() }),
  fc.record({ step: fc.constant('late' as const), epochsBefore: fc.integer({ min: 1, max: 3 }) }),
)

async function take(visitor: Visitor, one: Step): Promise<void> {
  const { replica } = visitor
  if (one.step === 'type') visitor.type(one.text)
  else if (one.step === 'cut') replica?.wire.cutAfter(one.afterBytes)
  else if (one.step === 'draw') visitor.draw(one.isDrawing)
  else if (one.step === 'reload' && replica) {
    replica.session.detach(replica.viewer)
    await visitor.goTo(replica)
  } else if (one.step === 'late') {
    const error: unknown = await dial(100_000, epoch - one.epochsBefore).catch((error: unknown) => error)
    expect(isFenced(error)).toBe(true)
  } else if (one.step === 'move') await move(visitor, one)
}

async function move(visitor: Visitor, { before, sameEpoch, pieceBytes: size }: Extract<Step, { step: 'move' }>): Promise<void> {
  const old = visitor.replica
  if (before === 'is gone') old?.wire.destroy()
  if (before === 'is held') old?.wire.hold()
  const next = await replicaFor(visitor, size, sameEpoch ? epoch : undefined)
  if (old) visitor.former.push(old)
  // What the older one sends from here on, at whatever place it takes for the right one, must have no effect.
  for (let at = 0; at < 3; at++) old?.session.input(visitor.inputFrom + visitor.typed.length + at, Buffer.from('!'))
  old?.session.stop()
  old?.wire.release()
  await visitor.goTo(next)
}

const HERE = { step: 'move', before: 'is gone', sameEpoch: false, pieceBytes: 100_000 } as const

test('whatever is cut, moved, held and late: output comes byte for byte, input once, and nothing by who was fenced', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 12, size: 'max' })
  await fc.assert(
    fc.asyncProperty(steps, async (all) => {
      const visitor = new Visitor()
      await visitor.begin(await replicaFor(visitor, 100_000))
      for (const one of all) {
        if (visitor.replica?.wire.destroyed) await move(visitor, HERE)
        await take(visitor, one)
      }
      visitor.draw(true)
      await move(visitor, HERE)
      const expected = answered(visitor.typed)
      await expect.poll(() => visitor.seen.length, { interval: 2 }).toBe(expected.length)

      expect(visitor.seen === expected, 'the same bytes').toBe(true)
      for (const { seenEnd, mayHaveSeen } of visitor.former) expect(seenEnd).toBeLessThanOrEqual(mayHaveSeen)
      expect([...metrics.values.keys()].filter((name) => /agent_faults_total{(?!silent)/.test(name))).toEqual([])
      await visitor.replica?.session.end('left')
    }),
    { numRuns: RUNS, interruptAfterTimeLimit: MS_MAX, markInterruptAsFailure: false },
  )
})

test('a session whose agent stands still ends as lost, within the 15 s of silence and a beat', async () => {
  const { reason, ms } = await hung.ended
  expect(reason).toBe('lost')
  expect(ms).toBeGreaterThan(SILENCE_MS - 500)
  expect(ms).toBeLessThan(SILENCE_MS * (4 / 3) + 5000)
})
