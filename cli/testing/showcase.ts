import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { pgBuildLogs } from '#lib/adapters/pg/build-logs.ts'
import { pgBuildQueue } from '#lib/adapters/pg/build-queue.ts'
import { openDatabase } from '#lib/adapters/pg/database.ts'
import { pgDeployments } from '#lib/adapters/pg/deployments.ts'
import { withClient } from '#lib/adapters/postgres/client.ts'
import { systemRandom } from '#lib/adapters/system/time.ts'
import { promote } from '#lib/application/deployments/promote.ts'
import type { AttemptEnd, Leased } from '#lib/application/ports/build-queue.ts'
import type { Artifact } from '#lib/domain/artifact.ts'
import { type BuildInputs, PRIORITIES, STEP_TIMEOUTS_MS, type TestResult } from '#lib/domain/build.ts'
import { inputsHash } from '#lib/domain/build-inputs.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { type BuildId, buildId, type LangId, langId } from '#lib/domain/ids.ts'
import { CHECKS } from '#lib/domain/language.ts'

import { benchDatabase } from '../bench/workshop/database.ts'
import { TOP } from '../setup/stamps.ts'

const BUILDER = 'machine-1'
const digestOf = (text: string): Digest => digestOfHex(createHash('sha256').update(text).digest('hex'))
const OLD_BASE = base('13', 88)
const BASE = base('14', 91)

/** What comes of a build of the showcase; without words on it all goes well. */
export type Shown = {
  readonly config?: string
  readonly version?: string
  readonly packages?: Readonly<Record<string, string>>
  readonly bytes?: number
  readonly base?: 'old' | 'new'
  readonly agent?: string
  readonly checks?: Partial<Record<TestResult['check'], TestResult['outcome']>>
  /** What the package step says, and whether it then fails. */
  readonly log?: string
  readonly fails?: string
  readonly daysAgo?: number
}

/**
 * A workshop whose builds are told rather than done: a real database, written by the same adapters as a real builder writes
 * it. For pages that show builds, to be looked at and tested.
 */
export async function showcase() {
  const postgres = await benchDatabase()
  const database = openDatabase({ url: postgres.url, timeoutMs: 10_000 })
  const queue = pgBuildQueue(database)
  const logs = pgBuildLogs(database)
  const artifacts = pgArtifacts(database)
  for (const each of [OLD_BASE, BASE]) await artifacts.record(each)
  for (const version of ['1.0.0', '1.1.0']) {
    await artifacts.release(version, {
      ...{ kind: 'agent', digest: digestOf(`agent ${version}`), size: 38_400_000, inputs: [], facts: { protocol: 2 } },
    })
  }
  let asked = 0
  await rewrite(postgres.adminUrl, [
    [`UPDATE artifact SET created_at = now() - interval '200 days' WHERE digest = $1`, [OLD_BASE.digest]],
  ])

  async function request(lang: LangId, shown: Shown): Promise<BuildId> {
    const text = shown.config ?? configOf(lang)
    const id = buildId(`b${digestOf(`${lang} ${++asked}`).slice(-16)}`)
    if (!id) throw new Error(`Cannot ask for a build of "${lang}"`)
    const inputs: BuildInputs = {
      ...{ lang, from: 'package' as const, config: digestOf(text), refresh: `${asked}`, agent: shown.agent ?? '1.1.0' },
      base: (shown.base === 'old' ? OLD_BASE : BASE).digest,
    }
    const asks = { id, inputs, inputsHash: inputsHash(inputs), configText: text, by: 'ada', priority: PRIORITIES.person }
    await queue.request({ ...asks, timeoutsMs: STEP_TIMEOUTS_MS, supersedes: false })
    return id
  }

  /** The next step that waits, with what it says. */
  async function lease(): Promise<Leased> {
    const leased = await queue.lease(BUILDER, 8)
    if (!leased) throw new Error('Cannot lease: nothing waits')
    return leased
  }

  async function say(leased: Leased, seq: number, text: string): Promise<void> {
    const said = await logs.append(leased, seq, Buffer.from(text))
    if (!said.ok) throw new Error(`Cannot write a log: ${said.error.code}`)
    await database.sql.query('NOTIFY dragoman_log')
  }

  async function build(name: string, shown: Shown = {}): Promise<BuildId> {
    const lang = langNamed(name)
    const id = await request(lang, shown)
    for (let going = true; going;) {
      const leased = await lease()
      if (shown.log !== undefined && leased.step === 'package') await say(leased, 0, shown.log)
      const ended = await queue.finish(leased, endOf(leased, shown))
      if (!ended.ok) throw new Error(`Cannot finish: ${ended.error.code}`)
      going = ended.value.build === 'going_on'
    }
    if (shown.daysAgo !== undefined) await backdate(postgres.adminUrl, id, shown.daysAgo)
    return id
  }

  return {
    url: postgres.url,
    ...{ build, request: (name: string, shown: Shown = {}) => request(langNamed(name), shown), lease, say, queue },
    promote: async (name: string, daysAgo = 0) => {
      const world = { deployments: pgDeployments(database), random: systemRandom }
      const done = await promote(world, { lang: langNamed(name), which: 'newest', by: 'ada', force: [...CHECKS] })
      if (!done.ok) throw new Error(`Cannot promote "${name}": ${done.error.code}`)
      const ago = `UPDATE deployment SET at = at - $2::int * interval '1 day' WHERE lang = $1 AND at > now() - interval '1 hour'`
      if (daysAgo > 0) await rewrite(postgres.adminUrl, [[ago, [name, daysAgo]]])
    },
    async stop() {
      await database.close()
      await postgres.stop()
    },
  }
}

function base(release: string, mb: number): Artifact {
  const facts = { distribution: 'debian', release }
  return { kind: 'base', digest: digestOf(`base ${release}`), size: mb * 1_000_000, inputs: [], facts }
}

function langNamed(name: string): LangId {
  const lang = langId(name)
  if (!lang) throw new Error(`"${name}" is no language`)
  return lang
}

function configOf(lang: LangId): string {
  try {
    return readFileSync(join(TOP, 'langs', `${lang}.yaml`), 'utf8')
  } catch {
    return `id: ${lang}\nname: ${lang}\n`
  }
}

function endOf({ build, step, inputs, made }: Leased, shown: Shown): AttemptEnd {
  const { lang, config, agent } = inputs
  if (step === 'package' && shown.fails !== undefined) return { outcome: 'failed', reason: shown.fails }
  if (step !== 'test') {
    const before = step === 'image' && made.package ? [inputs.base, made.package] : [inputs.base]
    const facts = { version: shown.version ?? '1.0', packages: shown.packages ?? {} }
    const size = shown.bytes ?? 200_000_000
    const digest = digestOf(`${step} ${build}`)
    return { outcome: 'ok', artifact: { kind: step, lang, config, digest, size, facts, inputs: before } }
  }
  const outcomes = shown.checks ?? { ensure: 'ok', run: 'ok', repl: 'ok', runrepl: 'ok', scope: 'ok', format: 'skipped' }
  const results = CHECKS.flatMap((check): TestResult[] => {
    const outcome = outcomes[check]
    if (!outcome) return []
    return [{ check, outcome, ms: 240 + 90 * check.length, ...(outcome !== 'ok' && { why: `said nothing of "Hello, world!"` }) }]
  })
  const tested = { lang, config, agent, image: made.image ?? digestOf(build) }
  const bad = results.find(({ outcome }) => outcome === 'failed' || outcome === 'timeout')
  return bad ? { outcome: 'failed', reason: `${bad.check} failed`, tested, results } : { outcome: 'ok', tested, results }
}

/** As if all of a build had been so long ago. */
async function backdate(adminUrl: string, build: BuildId, days: number): Promise<void> {
  const ago = `- $2::int * interval '1 day'`
  const statements = [
    `UPDATE build SET requested_at = requested_at ${ago}, ended_at = ended_at ${ago} WHERE id = $1`,
    `UPDATE test_run SET at = at ${ago} WHERE build = $1`,
    `UPDATE artifact SET created_at = created_at ${ago} WHERE digest IN (SELECT artifact FROM build_step WHERE build = $1)`,
    `UPDATE build_attempt SET leased_at = leased_at ${ago} - (20 + $2::int % 7 * 9) * interval '1 second', ended_at = ended_at ${ago}
     WHERE build = $1`,
  ]
  await rewrite(
    adminUrl,
    statements.map((statement) => [statement, [build, days]]),
  )
}

/** Rows refuse to be other than they were to everybody but the owner of the cluster. */
async function rewrite(adminUrl: string, statements: readonly (readonly [string, readonly unknown[]])[]): Promise<void> {
  await withClient(adminUrl, async (client) => {
    await client.query('SET session_replication_role = replica')
    for (const [text, values] of statements) await client.query(text, [...values])
  })
}
