import { type ChildProcess, spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { serverHello } from '#lib/protocol/agent-words.ts'

import { Client } from './client.ts'
import { way } from './way.ts'

// The executable as it is, as process 1 of its own namespaces and with the rights it has in a sandbox. Only the root file
// system is this machine's; the places it and its visitor may write to are as there. The executable may lie below one of them.
const STAGE_SET = `
set -e
mount -t tmpfs none /mnt && : >/mnt/agent && mount --bind "$1" /mnt/agent
mount -t tmpfs none /home && mkdir /home/visitor
mount -t tmpfs -o size=8m,nr_inodes=2000,uid=1000,gid=1000,mode=0755 none /home/visitor
mount -t tmpfs -o mode=0755 none /run && mkdir /run/dragoman
mount -t tmpfs -o size=8m,mode=0777,uid="$ID",gid="$ID" none /run/dragoman
mount -t tmpfs -o size=8m,mode=1777 none /tmp
cd /
[ "$NETWORK" != routed ] || { ip link set lo up && ip route add default dev lo; }
[ "$ID" = 0 ] && rights=--bounding-set=-all,+setuid,+setgid,+kill ||
  rights="--bounding-set=-all --reuid=$ID --regid=$ID --clear-groups"
exec env -i $SETTING SECRET=of-the-agent setpriv --no-new-privs --inh-caps=-all $rights /mnt/agent`

const ISOLATE = ['--mount', '--pid', '--ipc', '--fork', '--kill-child', '--mount-proc']
/** As a pod is told, which has no other way to be. */
const OPEN_FILES = 600
/** A restricted pod's one id. */
const ONE_ID = 1000

type Options = {
  /** `shared`: this machine's own. */
  readonly network?: 'none' | 'routed' | 'shared'
  /** To listen on, in place of the socket. */
  readonly port?: number
}

/** Where groups with a limit of processes are made: a hierarchy of its own in version 1. */
const PIDS = existsSync('/sys/fs/cgroup/pids') ? '/sys/fs/cgroup/pids' : '/sys/fs/cgroup'

export class SandboxedAgent {
  readonly key: string
  readonly exited: Promise<number | null>
  readonly #child: ChildProcess
  readonly #place: string | number
  readonly #folder: string
  readonly #clients: Client[] = []
  #cgroup: string | undefined

  private constructor(child: ChildProcess, place: string | number, folder: string, key: string) {
    this.#child = child
    this.#place = place
    this.#folder = folder
    this.key = key
    this.exited = once(child, 'exit').then(([code]) => code as number | null)
  }

  static async start(executable: string, { network = 'none', port }: Options = {}): Promise<SandboxedAgent> {
    const folder = mkdtempSync(join(tmpdir(), 'agent-'))
    const path = join(folder, 'socket')
    const key = randomBytes(16).toString('hex')
    const listener = createServer()
    await once(listener.listen(`${path}.made`), 'listening')
    // Node removes the path that it made when it closes, so the agent's own gets another name.
    renameSync(`${path}.made`, path)
    const { fd } = Reflect.get(listener, '_handle') as { fd: number }
    const sha256 = createHash('sha256').update(key).digest('hex')
    const setting = [
      `DRAGOMAN_KEY_SHA256=${sha256}`,
      ...(way.oneId ? ['DRAGOMAN_ONE_ID=1'] : []),
      ...(port === undefined ? [] : [`DRAGOMAN_PORT=${port}`, `DRAGOMAN_OPEN_FILES=${OPEN_FILES}`]),
    ]
    const isolate = network === 'shared' ? ISOLATE : [...ISOLATE, '--net']
    const child = spawn('unshare', [...isolate, 'sh', '-c', STAGE_SET, 'sh', executable], {
      stdio: ['ignore', 'ignore', 'inherit', fd],
      env: { ...process.env, NETWORK: network, ID: String(way.oneId ? ONE_ID : 0), SETTING: setting.join(' ') },
    })
    listener.close()
    return new SandboxedAgent(child, port === undefined ? path : port, folder, key)
  }

  /** Of the socket that it listens on. */
  get path(): string {
    return String(this.#place)
  }

  /** A connection that has said nothing yet. */
  async dial(): Promise<Client> {
    const client = await Client.dial(this.#place)
    this.#clients.push(client)
    return client
  }

  /** A connection that said the right key. */
  async connect(epoch?: number): Promise<Client> {
    const client = await this.dial()
    client.say(serverHello(this.key, epoch))
    await client.next('hello')
    return client
  }

  /** The agent's process as this machine numbers it. */
  get pid(): number {
    const { pid } = this.#child
    return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')[0])
  }

  /** All that runs in the sandbox besides the agent: names, and `Z` or another state. */
  processes(): { pid: number; name: string; state: string }[] {
    return descendants(this.pid)
  }

  /** As its sandbox does: the agent's own threads count among them. */
  limitProcesses(max: number): void {
    this.#cgroup ??= mkdtempSync(`${PIDS}/agent-`)
    writeFileSync(`${this.#cgroup}/pids.max`, String(max))
    writeFileSync(`${this.#cgroup}/cgroup.procs`, String(this.pid))
  }

  refusedForks(): number {
    return Number(/^max (\d+)/m.exec(readFileSync(`${this.#cgroup}/pids.events`, 'utf8'))?.[1])
  }

  /** May be repeated. */
  async end(): Promise<void> {
    for (const client of this.#clients) client.close()
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const { pid } = this
      this.#child.kill('SIGKILL')
      if (pid > 0) process.kill(pid, 'SIGKILL') // one that changed its id does not end with its parent
    }
    await this.exited
    if (this.#cgroup) await removeCgroup(this.#cgroup)
    this.#cgroup = undefined
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

async function removeCgroup(path: string): Promise<void> {
  while (readFileSync(`${path}/cgroup.procs`, 'utf8') !== '') await new Promise((resolve) => setTimeout(resolve, 1))
  rmdirSync(path)
}

function descendants(pid: number): { pid: number; name: string; state: string }[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
  return children.flatMap((child) => {
    try {
      const stat = readFileSync(`/proc/${child}/stat`, 'latin1')
      const name = stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')'))
      return [{ pid: child, name, state: stat[stat.lastIndexOf(')') + 2] ?? '' }, ...descendants(child)]
    } catch {
      return [] // ended meanwhile
    }
  })
}
