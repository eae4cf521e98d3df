import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

import { ownServer } from '../own-server.ts'
import { percentile, privateMb, round } from './figures.ts'
import { UNLIMITED } from './session.ts'
import { benchVisitor, type BenchVisitor } from './visitor.ts'

const SESSIONS = 100

/** What a session costs in memory when a hundred stand idle at their prompt; bare: one `python3` of this machine. */
export async function density() {
  const server = await ownServer('bench', UNLIMITED)
  try {
    const before = new Set(agents())
    const starts: number[] = []
    const visitors: BenchVisitor[] = []
    for (let n = 0; n < SESSIONS; n++) {
      const visitor = await benchVisitor(server.url)
      const from = performance.now()
      await visitor.start('python')
      starts.push((await visitor.saw('>>> ')) - from)
      visitors.push(visitor)
    }
    const ours = agents().filter((pid) => !before.has(pid))
    const tree = children()
    const agent = ours.map(privateOf)
    const session = ours.map((pid) => [pid, ...below(pid, tree)].reduce((sum, each) => sum + privateOf(each), 0))
    for (const visitor of visitors) visitor.close()
    return {
      agentPrivateMb: round(percentile(agent, 0.5)),
      sessionPrivateMb: round(percentile(session, 0.5)),
      startP95Ms: round(percentile(starts, 0.95)),
      startP50Ms: round(percentile(starts, 0.5)),
      barePythonPrivateMb: round(await barePython()),
      n: ours.length,
    }
  } finally {
    await server.stop()
  }
}

const pids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
const agents = () => pids().filter((pid) => read(pid, 'cmdline').startsWith('/dragoman-agent'))
const privateOf = (pid: number) => privateMb(read(pid, 'smaps_rollup'))

/** Children by parent, of every process there is. */
function children(): Map<number, number[]> {
  const tree = new Map<number, number[]>()
  for (const pid of pids()) {
    const parent = Number(/^PPid:\s+(\d+)$/m.exec(read(pid, 'status'))?.[1])
    tree.set(parent, [...(tree.get(parent) ?? []), pid])
  }
  return tree
}

const below = (pid: number, tree: Map<number, number[]>): number[] =>
  (tree.get(pid) ?? []).flatMap((child) => [child, ...below(child, tree)])

/** Empty for a process that has gone meanwhile. */
function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}

async function barePython(): Promise<number> {
  const child = spawn('/usr/bin/python3', ['-i'], { stdio: ['pipe', 'ignore', 'pipe'] })
  await new Promise<void>((done) => child.stderr.on('data', (chunk: Buffer) => chunk.includes('>>> ') && done()))
  const mb = privateOf(child.pid as number)
  child.kill('SIGKILL')
  return mb
}
