import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { postgresBinaries } from './binaries.ts'
import { withClient } from './client.ts'
import { postmasterPid, processesIn } from './processes.ts'
import { asNobody } from './run-as.ts'
import { SOCKET_NAME, SOCKET_PATH_BYTES_MAX, socketFolder } from './socket-path.ts'
import { databaseFolder } from './world.contract.ts'

const SECOND_START_MS_MAX = 10_000

const folder = databaseFolder()
afterAll(() => folder.end())

const ask = (url: string, sql: string) =>
  withClient(url, async (client) => Object.values((await client.query<Record<string, unknown>>(sql)).rows[0] ?? {}))

test('the second start is quick, on a socket that only this user can reach', async () => {
  await (await folder.start()).stop()
  const began = performance.now()
  const database = await folder.start()
  const tookMs = performance.now() - began
  try {
    expect(tookMs).toBeLessThan(SECOND_START_MS_MAX)
    expect(await ask(database.url, 'SHOW listen_addresses')).toEqual([''])
    expect(await ask(database.url, 'SHOW fsync')).toEqual(['on'])
    expect(statSync(folder.runDir).mode & 0o777).toBe(0o700)
  } finally {
    await database.stop()
  }
  expect(processesIn(folder.dataDir)).toEqual([])
  expect(existsSync(join(folder.runDir, SOCKET_NAME))).toBe(false)
})

test('a data folder in use is refused, and stays in use', async () => {
  const database = await folder.start()
  await expect(folder.start()).rejects.toThrow(`process ${process.pid} is using it`)
  expect(await ask(database.url, 'SELECT 1')).toEqual([1])
  await database.stop()
})

test('what a killed server left running is ended and its rows are there', async () => {
  const module = resolve(import.meta.dirname, 'embedded.ts')
  const client = resolve(import.meta.dirname, 'client.ts')
  const killed = spawnSync(process.execPath, [
    '--input-type=module-typescript',
    '-e',
    `const { startEmbedded } = await import(${JSON.stringify(module)})
     const { withClient } = await import(${JSON.stringify(client)})
     const { migrateUrl } = await startEmbedded(${JSON.stringify({ dataDir: folder.dataDir, runDir: folder.runDir })})
     await withClient(migrateUrl, (c) => c.query('CREATE TABLE kept AS SELECT 7 AS n'))
     process.kill(process.pid, 'SIGKILL')`,
  ])
  expect(killed.signal, String(killed.stderr)).toBe('SIGKILL')
  const left = processesIn(folder.dataDir)
  expect(left).not.toEqual([])

  const database = await folder.start()
  expect(processesIn(folder.dataDir).filter((pid) => left.includes(pid))).toEqual([])
  expect(await ask(database.migrateUrl, 'SELECT n FROM kept')).toEqual([7])
  await database.stop()
})

test('a pid file that names somebody else does not keep it from starting', async () => {
  writeFileSync(join(folder.dataDir, 'postmaster.pid'), `${process.pid}\n`)
  const database = await folder.start()
  expect(await ask(database.url, 'SELECT 1')).toEqual([1])
  await database.stop()
})

test('a database that dies is started again', async () => {
  const lost = Promise.withResolvers<string>()
  const database = await folder.start({ onLost: lost.resolve })
  const postmaster = postmasterPid(folder.dataDir)
  process.kill(postmaster ?? Number.NaN, 'SIGKILL')
  expect(await lost.promise).toContain('SIGKILL')
  await expect.poll(() => ask(database.url, 'SELECT 1').catch(String), { timeout: 10_000 }).toEqual([1])
  await database.stop()
})

test('a stop in the middle of a restart leaves nothing', async () => {
  const lost = Promise.withResolvers<string>()
  const database = await folder.start({ onLost: lost.resolve })
  process.kill(postmasterPid(folder.dataDir) ?? Number.NaN, 'SIGKILL')
  await lost.promise
  await Promise.all([database.stop(), database.stop()])
  expect(processesIn(folder.dataDir)).toEqual([])
})

test('a checkout that lies too deep for a socket path works', async () => {
  const deep = databaseFolder('d'.repeat(SOCKET_PATH_BYTES_MAX))
  const database = await deep.start()
  expect(database.url).toContain(encodeURIComponent('/proc/self/fd/'))
  expect(await ask(database.url, 'SELECT 1')).toEqual([1])
  await database.stop()
  deep.end()
})

test('the socket path is shortened one byte beyond the limit, not before', () => {
  const room = SOCKET_PATH_BYTES_MAX - `/${SOCKET_NAME}`.length
  const longest = `/${'d'.repeat(room - 1)}`
  expect(socketFolder(longest, '/data').forUs).toBe(longest)
  expect(() => socketFolder(`${longest}d`, '/data')).toThrow('ENOENT') // it opens the folder, which is not there
})

test.runIf(process.getuid?.() === 0)('root without user namespaces: the real nobody runs it', async () => {
  const theirs = databaseFolder()
  chmodSync(theirs.root, 0o711)
  if (!canRead(asNobody.prefix, postgresBinaries().initdb)) {
    // A checkout below a folder that only root enters: there is no way then, and that is said.
    await expect(theirs.start({ as: asNobody })).rejects.toThrow('Cannot start the database')
    return theirs.end()
  }
  const database = await theirs.start({ as: asNobody })
  expect(await ask(database.url, 'SELECT 1')).toEqual([1])
  const owners = processesIn(theirs.dataDir).map((pid) => statSync(`/proc/${pid}`).uid)
  expect(new Set(owners)).toEqual(new Set([asNobody.owner]))
  await database.stop()
  theirs.end()
})

const canRead = ([command = '', ...args]: readonly string[], path: string) =>
  spawnSync(command, [...args, 'test', '-r', path]).status === 0

test('an unfinished set-up is done again', async () => {
  const cut = databaseFolder()
  const first = await cut.start()
  await first.stop()
  renameSync(cut.dataDir, `${cut.dataDir}.new`)
  const again = await cut.start()
  await again.stop()
  expect(readdirSync(cut.root).sort()).toEqual(['data', 'run'])
  cut.end()
})
