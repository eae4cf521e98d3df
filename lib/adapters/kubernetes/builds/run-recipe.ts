import { createReadStream } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

import { errorText } from '#lib/application/ports/log.ts'
import { IN_RECIPE, RECIPE_ENV, type RecipeFailed } from '#lib/application/ports/recipes.ts'
import type { RegistryProxies } from '#lib/application/ports/registry-proxies.ts'
import type { Workplace } from '#lib/application/ports/workplaces.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { RUNNER_OUTPUT_BYTES_MAX, type RunnerOperation } from '#lib/protocol/runner-words.ts'

import { type BuildPod, infra, placeLost } from './build-pod.ts'
import { disposedOn, openWays } from './ways.ts'

type Recipe = Parameters<Workplace['run']>[0]
type Ran = Result<void, RecipeFailed>
/** What is asked of a pod here. */
type Pod = Pick<BuildPod, 'open' | 'fate'>

const PLACE = { url: `http://127.0.0.1:${IN_RECIPE.proxyPort}`, certificates: `${IN_RECIPE.files}/${IN_RECIPE.certificates}` }

/** One script in a pod: what it needs goes there, what it says comes back, each byte once. */
export async function runRecipe(pod: Pod, proxies: RegistryProxies, number: number, recipe: Recipe): Promise<Ran> {
  const { registries = [], limits, signal, log } = recipe
  const late = AbortSignal.timeout(limits.timeMs)
  const any = AbortSignal.any([signal, late])
  const asks = registries.length > 0
  const opening = { ...PLACE, signal: any, log: (text: string) => void log(text) }
  const proxy = asks ? await proxies.open(registries, opening) : undefined
  try {
    await using _ = proxy && (await openWays(pod, proxy.socketPath))
    const texts = {
      ...recipe.files,
      ...(asks && { [IN_RECIPE.certificates]: await trusted() }),
      [IN_RECIPE.script]: recipe.script,
    }
    const given =
      (await give(pod, 'files', textFiles(texts), any)) ?? (await give(pod, 'given', await folderFiles(recipe.given), any))
    const ran = given ?? (await run(pod, { type: 'run', number, from: 0, env: { ...RECIPE_ENV, ...proxy?.env } }, log, any))
    const fault = proxy?.fault()
    return !ran.ok && fault !== undefined ? infra(fault) : ran
  } catch (error) {
    signal.throwIfAborted()
    if (late.aborted) return err({ code: 'timeout' })
    throw error
  } finally {
    await proxy?.close()
  }
}

type GivenFile = { readonly name: string; readonly size: number; read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array> }

const textFiles = (texts: Readonly<Record<string, string>>): GivenFile[] =>
  Object.entries(texts).map(([name, text]) => {
    const bytes = Buffer.from(text)
    return { name, size: bytes.length, read: () => [bytes] }
  })

async function folderFiles(folder: string | undefined): Promise<GivenFile[]> {
  if (folder === undefined) return []
  const names = await readdir(folder)
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      const { size } = await stat(path)
      return { name, size, read: () => createReadStream(path) as AsyncIterable<Buffer> }
    }),
  )
}

/** Undefined when all of it is there. */
async function give(
  pod: Pod,
  place: 'given' | 'files',
  files: readonly GivenFile[],
  signal: AbortSignal,
): Promise<Ran | undefined> {
  const all = async function* () {
    for (const file of files) yield* file.read()
  }
  try {
    using link = await pod.open({ type: 'give', place, files: files.map(({ name, size }) => ({ name, size })) })
    using _ = disposedOn(signal, link)
    await link.send(all())
    for await (const bytes of link.bytes()) throw new Error(`it said ${bytes.length} bytes when none were asked for`)
    return undefined
  } catch (error) {
    signal.throwIfAborted()
    return (await pod.fate(signal)) ?? infra(`A pod did not take its files: ${errorText(error)}`)
  }
}

/** A connection that breaks is made again, where the script's output was lost track of, for as long as the pod is there. */
async function run(
  pod: Pod,
  operation: Extract<RunnerOperation, { type: 'run' }>,
  log: Recipe['log'],
  signal: AbortSignal,
): Promise<Ran> {
  const text = new TextDecoder()
  for (let from = 0; ;) {
    try {
      using link = await pod.open({ ...operation, from })
      using _ = disposedOn(signal, link)
      for (let word = await link.next(); word; word = await link.next()) {
        if (word.kind === 'bytes') {
          from += word.bytes.length
          if (from > RUNNER_OUTPUT_BYTES_MAX) return infra('A runner passed on more than a script may say')
          await log(text.decode(word.bytes, { stream: true }))
        } else if (word.said.type === 'ended') {
          await log(text.decode())
          return await endOf(word.said, log)
        } else {
          return infra(word.said.type === 'failed' ? `The runner: ${word.said.why}` : 'A runner said what belongs elsewhere')
        }
      }
    } catch {
      // the pod's fate tells why
    }
    signal.throwIfAborted()
    const lost = await pod.fate(signal)
    if (lost) return lost
  }
}

type Ended = { readonly status: number; readonly outputSpent: boolean; readonly memoryKills: number }

async function endOf({ status, outputSpent, memoryKills }: Ended, log: Recipe['log']): Promise<Ran> {
  if (outputSpent) return err({ code: 'failed', status, why: `it said more than ${RUNNER_OUTPUT_BYTES_MAX} bytes` })
  if (status === 0) return ok(undefined)
  // The limit is ours, not the recipe's: another node, or another day, may have what it takes.
  if (memoryKills > 0) {
    const why = `It had no memory left: ${memoryKills} of its processes were ended`
    await log(`${why}\n`)
    return placeLost(why)
  }
  return err({ code: 'failed', status })
}

/** Those whom this machine trusts. The file is public, and on every machine that speaks with others. */
const trusted = () => readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => '')
