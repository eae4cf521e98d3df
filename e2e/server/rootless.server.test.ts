import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { chownSync, mkdirSync, readFileSync, rmSync, rmdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { join, resolve } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { findCgroups, groupBelow } from '#lib/adapters/oci-runtime/cgroups.ts'
import { ROOTLESS_UID_BASE } from '#lib/adapters/oci-runtime/rootless.ts'

import packageFile from '../../package.json' with { type: 'json' }
import { browser, type Browser } from './browser.ts'

// The server as an ordinary user: control groups delegated to it, ids of its own, a user namespace around it. What an
// administrator would set up (systemd, /etc/subuid) is done here by hand and for this test alone.
const TOP = resolve(import.meta.dirname, '../..')
const DATA = join(TOP, '.dragoman', 'rootless-test')
const NOBODY = 65_534
const FIRST_ID = 300_000
const GROUPS = groupBelow(findCgroups(), 'rootless-test')

/** $1 this checkout, then the groups. The namespace's ids are written from outside while it waits. */
const BECOME = `
set -e
mount --bind "$1" /mnt
cd /mnt; shift
for group; do echo $$ > "$group/cgroup.procs"; done
exec setpriv --reuid ${NOBODY} --regid ${NOBODY} --clear-groups unshare --user --mount sh -c 'echo waiting; read -r _; exec "$0" "$@"' \\
  "$NODE" ${packageFile.config.serverFlags.join(' ')} server.ts`

let server: ChildProcess
let url: string

beforeAll(async () => {
  mkdirSync(DATA, { recursive: true })
  chownSync(DATA, NOBODY, NOBODY)
  for (const group of GROUPS) delegate(group)
  const env: Record<string, string> = {
    NODE: process.execPath.replace(TOP, '/mnt'),
    NODE_ENV: 'production',
    PORT: '0',
    DRAGOMAN_DATA_DIR: '.dragoman/rootless-test',
    DRAGOMAN_UID_BASE: String(ROOTLESS_UID_BASE),
  }
  const args = ['--mount', 'sh', '-c', BECOME, 'sh', TOP, ...GROUPS]
  server = spawn('unshare', args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: server.stdout as NodeJS.ReadableStream })
  await lineOf(lines, /^waiting$/)
  for (const map of ['uid_map', 'gid_map']) writeFileSync(`/proc/${server.pid}/${map}`, `0 ${NOBODY} 1\n1 ${FIRST_ID} 65535\n`)
  const told = lineOf(lines, /^Dragoman is at (\S+)$/)
  server.stdin?.write('\n')
  url = (await told) ?? ''
})

afterAll(async () => {
  const ended = new Promise((done) => server.once('exit', done))
  server.kill('SIGTERM')
  await ended
  for (const group of GROUPS) rmdirSync(group) // fails when a sandbox left anything in it
  rmSync(DATA, { recursive: true, force: true })
})

test('an ordinary user’s server passes its own self-test and is ready', async () => {
  expect(readFileSync(`/proc/${server.pid}/status`, 'utf8')).toMatch(new RegExp(`^Uid:\\s+${NOBODY}\\s`, 'm'))
  await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 10_000 }).toBe(200)
})

test('its sandboxes have ids of their own, and limits that hold', async () => {
  const visitor = await started()
  const job = await run(visitor, 'print(open("/proc/self/uid_map").read())\nx = bytearray(700_000_000)\n')
  const ended = await visitor.jobEnded(job)

  expect(ended.ending?.reason).toBe('memory')
  const ids = [...visitor.text().matchAll(/ (?:0|1000) +(\d+) +1\r/g)].map(([, id]) => Number(id))
  expect(ids).toHaveLength(2)
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(ROOTLESS_UID_BASE)
  expect(agentUids().every((uid) => uid > FIRST_ID)).toBe(true)
  visitor.close()
})

async function started(): Promise<Browser> {
  const visitor = await browser(url)
  await visitor.started()
  return visitor
}

async function run(visitor: Browser, text: string): Promise<number> {
  const answer = await visitor.run('main.py', text)
  if (!answer.ok) throw new Error(`Not run: ${answer.error.code}`)
  return answer.value.job
}

/** Owners, as this machine knows them, of the agents below the delegated groups. */
function agentUids(): number[] {
  const listed = spawnSync('ps', ['-eo', 'uid=,pid=,args='], { encoding: 'utf8' }).stdout.split('\n')
  return listed.flatMap((line) => {
    const [, uid, pid] = /^\s*(\d+)\s+(\d+)\s+\/dragoman-agent/.exec(line) ?? []
    return uid && pid && readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes('/rootless-test/') ? [Number(uid)] : []
  })
}

function delegate(group: string): void {
  mkdirSync(group, { recursive: true })
  if (group.includes('/cpuset/')) {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) writeFileSync(join(group, file), readFileSync(join(group, '..', file)))
    writeFileSync(join(group, 'cgroup.clone_children'), '1')
  }
  spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, group])
}

function lineOf(lines: ReturnType<typeof createInterface>, pattern: RegExp): Promise<string | undefined> {
  return new Promise((done) => {
    lines.on('line', (line: string) => {
      const found = pattern.exec(line)
      if (found) done(found[1])
    })
  })
}
