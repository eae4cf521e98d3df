import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import { bundleConfig } from '#lib/adapters/oci-runtime/bundle.ts'
import { findCgroups, removeGroup } from '#lib/adapters/oci-runtime/cgroups.ts'
import { assembleRoot } from '#lib/adapters/oci-runtime/mount-space.ts'
import { openSlice } from '#lib/adapters/oci-runtime/slice.ts'
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

const TOP = resolve(import.meta.dirname, '../..')
const UID_BASE = 1_999_990_000

/**
 * The baseline of a cold start: the OCI runtime alone starts `python3 -i` in the same bundle (namespaces, limits, filter,
 * mounts), and the time runs until its prompt is on a pipe.
 */
export async function barePrompt() {
  const state = join(TOP, '.dragoman', 'bare')
  await mkdir(state, { recursive: true })
  const folder = await mkdtemp(join(state, 'bench-'))
  const slice = await openSlice(findCgroups(), `bare${randomBytes(2).toString('hex')}`)
  const space = await assembleRoot(folder, join(TOP, '.dragoman', 'agent', 'dragoman-agent'), 'runc')
  const host = { arch: process.arch, openFilesMax: 1024, oomScoreAdj: 0, oneId: false, countsSwap: slice.countsSwap }
  const ids = { agent: UID_BASE, visitor: UID_BASE + 1 }
  let n = 0

  return {
    async once(): Promise<number> {
      const id = `bare${++n}`
      const { group, cgroupsPath } = slice.below(id)
      const spec = bundleConfig({ rootPath: space.rootPath, cgroupsPath, ids, keySha256: '', limits: DEFAULT_LIMITS, ...host })
      const bundle = join(folder, id)
      await mkdir(bundle)
      const bare = { ...spec, process: { ...spec.process, args: ['/usr/bin/python3', '-i'], user: { uid: 1000, gid: 1000 } } }
      await writeFile(join(bundle, 'config.json'), JSON.stringify(bare))
      const [command, ...args] = space.enter(['runc', '--root', join(folder, 'runtime'), 'run', '--bundle', bundle, id])
      const from = performance.now()
      const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
      const ended = new Promise((done) => child.once('exit', done))
      const at = await promptOf(child.stdout, child.stderr, ended)
      child.stdin.end()
      await ended
      await removeGroup(group)
      await rm(bundle, { recursive: true })
      return at - from
    },
    async close(): Promise<void> {
      space.close()
      await removeGroup(slice.group)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function promptOf(...[out, error, ended]: [NodeJS.ReadableStream, NodeJS.ReadableStream, Promise<unknown>]): Promise<number> {
  let text = ''
  return new Promise((done, fail) => {
    for (const stream of [out, error]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.includes('>>> ')) done(performance.now())
      })
    }
    void ended.then(() => fail(new Error(`Python ended before its prompt: ${text}`)))
  })
}
