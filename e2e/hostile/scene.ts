import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { withClient } from '#lib/adapters/postgres/client.ts'
import { DATABASE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { openActor, type Actor } from './actor.ts'
import type { Expect } from './attack.ts'
import { boxOf, type Box } from './box.ts'
import { canaries, type Canaries } from './oracles/canaries.ts'
import { setTraps, type Traps } from './oracles/traps.ts'
import type { UidRange } from './processes.ts'
import { becomes } from './until.ts'

const TOP = resolve(import.meta.dirname, '../..')
const NAME = 'hostile'
const DATA_DIR = join(TOP, '.dragoman', NAME)
/** Ids that no other server of this machine gives out, unless somebody told it to. */
const UIDS: UidRange = { first: 2_100_000_000, count: 2000 }
const RECORDED_MS_MAX = 5000
const SECRET_BYTES = 24
/** As much of the server's log as an error shows. */
const LOG_CHARS = 2000

/**
 * The attackers are many visitors from one address. Nothing is started ahead, so that the ledger holds only what is used,
 * and who is cut off is not waited for as long as the ledger waits.
 */
const ENV = {
  DRAGOMAN_UID_BASE: String(UIDS.first),
  DRAGOMAN_CONFIGS: join(import.meta.dirname, 'langs'),
  DRAGOMAN_POOL_MEMORY_MIB: '0',
  DRAGOMAN_SESSION_GRACE_SECONDS: '3',
  DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
  DRAGOMAN_SESSIONS_PER_ADDRESS: '1000',
  DRAGOMAN_SESSIONS_MAX: '40',
}

/** Where sandboxes are: this machine's own driver, or a cluster. */
export type House = 'machine' | 'pods'

/** What a row may look at besides its actor. */
export type Scene = {
  readonly expect: Expect
  readonly house: House
  readonly server: OwnServer
  readonly dataDir: string
  readonly traps: Traps
  /** One more visitor; it leaves when the row ends. */
  open(lang?: string): Promise<Actor>
  box(actor: Actor): Promise<Box>
  /** Memory of the server process, in MB. */
  rssMb(): number
}

/** A real server with secrets planted around it. */
export type Stage = Omit<Scene, 'expect' | 'open'> & {
  readonly uids: UidRange
  readonly canaries: Canaries
  readonly secret: string
  openActor(lang?: string): Promise<Actor>
  /** May be called again. */
  close(): Promise<void>
}

export async function openStage(env: Readonly<Record<string, string>> = {}): Promise<Stage> {
  const planted = plantSecrets()
  const { canaries: heard } = planted
  const traps = await setTraps()
  const server = await ownServer(NAME, { ...ENV, ...env, ...planted.env }).catch(async (error: unknown) => {
    planted.remove()
    await traps.close()
    throw error
  })
  let closing: Promise<void> | undefined
  async function close(): Promise<void> {
    await server.stop()
    await traps.close()
    planted.remove()
  }
  return {
    ...{ house: 'machine', server, dataDir: DATA_DIR, uids: UIDS, traps, canaries: heard, secret: planted.ofBystander },
    box: (actor) => boxOf(actor, DATA_DIR),
    rssMb: () => rssMbOf(server.process.pid),
    async openActor(lang) {
      const actor = await openActor(server.url, { ...(lang && { lang }), hears: (bytes) => heard.hears(bytes) })
      const keys = await agentKeys(actor.session).catch((error: unknown) => {
        throw new Error(`No record of a session; the server said: ${server.log().slice(-LOG_CHARS)}`, { cause: error })
      })
      for (const text of keys) heard.add({ what: "an agent's key", text })
      return actor
    },
    close: () => (closing ??= close()),
  }
}

/** Texts that no attacker may be shown: in a file of the host, in the server's environment, in another session. */
export function plantSecrets() {
  const folder = mkdtempSync(join(tmpdir(), 'host-file-'))
  const [hostFile, ofServer, ofBystander] = [secret(), secret(), secret()]
  writeFileSync(join(folder, 'canary'), hostFile, { mode: 0o644 })
  return {
    env: { CANARY_OF_SERVER: ofServer },
    ofBystander,
    canaries: canaries([
      { what: 'a file of the host', text: hostFile },
      { what: "the server's environment", text: ofServer },
      { what: 'the text of another session', text: ofBystander },
    ]),
    remove: () => rmSync(folder, { recursive: true }),
  }
}

export const rssMbOf = (pid: number | undefined) =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024

const secret = () => randomBytes(SECRET_BYTES).toString('base64url')

/** The key of the session's agent and its hash, as the server has recorded them. */
async function agentKeys(session: string): Promise<string[]> {
  const url = `postgresql://${WEB_ROLE}@localhost/${DATABASE}?host=${encodeURIComponent(join(DATA_DIR, 'run'))}`
  return withClient(url, async (client) => {
    let row: { sandbox: string; sandbox_key: string } | undefined
    await becomes(async () => {
      row = (await client.query('SELECT sandbox, sandbox_key FROM session WHERE id = $1', [session])).rows[0] as typeof row
      return row !== undefined
    }, RECORDED_MS_MAX)
    if (!row) throw new Error(`Session ${session} was not recorded`)
    const saved = readFileSync(join(DATA_DIR, 'sandboxes', 'live', row.sandbox, 'sandbox.json'), 'utf8')
    return [row.sandbox_key, (JSON.parse(saved) as { keySha256: string }).keySha256]
  })
}
