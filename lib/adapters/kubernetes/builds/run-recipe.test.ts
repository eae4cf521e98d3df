import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'

import type { RecipeFailed } from '#lib/application/ports/recipes.ts'
import type { Result } from '#lib/domain/result.ts'
import type { RunnerOperation } from '#lib/protocol/runner-words.ts'

import { Runner } from '../../../../runner/runner.ts'
import { Script } from '../../../../runner/script.ts'
import { infra } from './build-pod.ts'
import { runRecipe } from './run-recipe.ts'
import { RunnerLink } from './runner-link.ts'

const KEY = 'a key'
const LIMITS = { cpus: 1, memoryBytes: 1, processes: 1, timeMs: 20_000 }
const ends: (() => void)[] = []
afterEach(() => ends.splice(0).forEach((end) => end()))

const listening = async (accept: (socket: Socket) => void) => {
  const server = createServer({ allowHalfOpen: true }, accept)
  await once(server.listen(0, '127.0.0.1'), 'listening')
  ends.push(() => server.close())
  return (server.address() as AddressInfo).port
}

/** A real runner behind a cable that is cut after so many bytes of each connection. */
async function world({ cutAfter = Infinity, memoryKills = 0 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'run-recipe-'))
  ends.push(() => rmSync(folder, { recursive: true }))
  const places = { given: join(folder, 'given'), files: join(folder, 'files') }
  const runner = new Runner({
    keySha256: createHash('sha256').update(KEY).digest('hex'),
    ...{ root: folder, places, mounted: () => new Set<string>(), abandoned: () => undefined },
    script: (env) => {
      let kills = 0
      const setting = { env: { ...env }, killAll: () => undefined, memoryKills: () => kills++ * memoryKills }
      return new Script(setting, ['/bin/sh', '-c', `exec 2>&1; exec /bin/sh -eu ${places.files}/script`])
    },
  })
  const real = await listening((socket) => void runner.accept(socket))
  let cuts = 0
  const cable = await listening((near) => {
    const far = connect({ port: real, host: '127.0.0.1', allowHalfOpen: true })
    let bytes = 0
    far.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes < cutAfter) return void near.write(chunk)
      cuts++
      near.write(chunk.subarray(0, 1)) // in the middle of a frame
      near.destroy()
      far.destroy()
    })
    far.on('end', () => near.end())
    near.on('data', (chunk: Buffer) => void far.write(chunk)).on('end', () => far.end())
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const)
      one.on('error', () => other.destroy())
  })

  let fates = 0
  let lost: Result<never, Extract<RecipeFailed, { code: 'infra' }>> | undefined
  const pod = {
    open: (operation: RunnerOperation) => RunnerLink.open('127.0.0.1', KEY, operation, cable),
    fate: async () => (fates++, lost),
  }
  return {
    lose: () => void (lost = infra('it was evicted')),
    facts: () => ({ cuts, fates }),
    async run(script: string, signal = new AbortController().signal) {
      let said = ''
      const log = (text: string) => void (said += text)
      const proxies = { open: () => Promise.reject(new Error('nobody asks for one')) }
      return { ran: await runRecipe(pod, proxies, 1, { script, limits: LIMITS, signal, log }), said }
    },
  }
}

const LINES = `for n in $(seq 30000); do echo "line $n é"; done`
const said = Array.from({ length: 30_000 }, (_, n) => `line ${n + 1} é\n`).join('')

test('what a script says comes whole over a cable that is cut again and again, and each letter once', async () => {
  const { run, facts } = await world({ cutAfter: 150_000 })
  const { ran, said: heard } = await run(`${LINES}; exit 3`)
  expect(ran).toEqual({ ok: false, error: { code: 'failed', status: 3 } })
  expect(heard === said).toBe(true)
  expect(facts().cuts).toBeGreaterThan(1)
  expect(facts().fates).toBe(facts().cuts)
})

test('when its pod is gone a script ends for the reason that the cluster gives', async () => {
  const { run, lose } = await world({ cutAfter: 150_000 })
  lose()
  expect((await run(LINES)).ran).toEqual({ ok: false, error: { code: 'infra', why: 'it was evicted' } })
})

test('a script whose processes were ended for want of memory lost its place, and its log says so', async () => {
  const { run } = await world({ memoryKills: 2 })
  const why = 'It had no memory left: 2 of its processes were ended'
  const { ran, said: heard } = await run('echo well; exit 1')
  expect({ ran, heard }).toEqual({ ran: { ok: false, error: { code: 'infra', why, placeLost: true } }, heard: `well\n${why}\n` })
})

test('a script is stopped by whoever asked for it', async () => {
  const { run } = await world()
  await expect(run('sleep 20', AbortSignal.timeout(200))).rejects.toThrow('timeout')
})
