import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

import { overlayOptions } from '#lib/application/ports/layers.ts'
import { DISK_BYTES, IN_RECIPE, type RecipeFailed, type RecipeRun, type Recipes } from '#lib/application/ports/recipes.ts'
import type { RegistryProxies } from '#lib/application/ports/registry-proxies.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { findCgroups, groupsIn, removeGroup } from './cgroups.ts'
import { watchDisk } from './disk-watch.ts'
import { recipeConfig } from './recipe-bundle.ts'
import { PROXY_IN_RECIPE, withRelay } from './recipe-relay.ts'
import { openSlice } from './slice.ts'

export type OciRecipesOptions = {
  readonly runtimePath: string
  /** Names the control group that all recipes of this instance share. */
  readonly instance: string
  readonly workDir: string
  readonly firstId: number
  readonly memoryBytes: number
  /** For recipes that name registries; without it they have none to reach. */
  readonly proxies?: RegistryProxies
  /** What languages have from npm; see cli/setup/language-tools.ts. */
  readonly toolsPath?: string
}

/** Where the root is bound to in a mount namespace of the recipe's own: a place that everybody may pass to. */
const PLACE = '/srv'
/** $1 root, $2 place, and then the runtime's command, whose own complaints go where the recipe's do. */
const ENTER = 'mount --make-rprivate / && mount --bind -o nodev "$1" "$2" && shift 2 && exec "$@" 2>&1'
/** The same with the overlay's options as $3. */
const ENTER_OVER =
  'mount --make-rprivate / && cd "$1" && rm -rf work && mkdir work && mount -t overlay -o "$3" overlay "$2" && cd / && shift 3 && exec "$@" 2>&1'
/** What a build says in hours; the log that is kept is far shorter. */
const LOG_BYTES_MAX = 64 * 1024 * 1024
const { files: FILES, certificates: CERTIFICATES } = IN_RECIPE

/** Recipes run by an OCI runtime. */
export async function ociRecipes(options: OciRecipesOptions): Promise<Recipes> {
  const { runtimePath, firstId, workDir, toolsPath } = options
  const slice = await openSlice(findCgroups(), `${options.instance}-builds`, options.memoryBytes)
  // What one of the same name left when it was killed.
  for (const folder of slice.group) for (const name of groupsIn(folder)) await removeGroup([join(folder, name)])

  async function run(recipe: RecipeRun): Promise<Result<void, RecipeFailed>> {
    const { root, over, given, limits, signal, log, registries = [] } = recipe
    const id = `recipe${randomBytes(8).toString('hex')}`
    const bundle = join(workDir, id)
    const { group, cgroupsPath } = slice.below(id)
    const asks = registries.length > 0
    if (asks && !options.proxies) return err({ code: 'infra', why: 'no package registry may be reached from here' })
    const place = { url: PROXY_IN_RECIPE, certificates: `${FILES}/${CERTIFICATES}` }
    const proxy = asks ? await options.proxies?.open(registries, { ...place, signal, log: (text) => void log(text) }) : undefined
    let isOver = false
    let ran: Result<void, RecipeFailed>
    try {
      const files = { ...recipe.files, ...(asks && { [CERTIFICATES]: await trusted() }), [IN_RECIPE.script]: recipe.script }
      const binds = [
        { destination: FILES, source: await writeFiles(join(bundle, 'files'), files) },
        ...(given ? [{ destination: IN_RECIPE.given, source: given }] : []),
        ...(recipe.withTools && toolsPath ? [{ destination: IN_RECIPE.tools, source: toolsPath }] : []),
      ]
      const inputs = { rootPath: PLACE, cgroupsPath, firstId, binds, limits, countsSwap: slice.countsSwap, env: proxy?.env ?? {} }
      const config = recipeConfig({ ...inputs, ownNetwork: !asks, arch: process.arch })
      await writeFile(join(bundle, 'config.json'), JSON.stringify(config))
      const runtime = [runtimePath, '--root', join(bundle, 'state'), 'run', '--bundle', bundle, id]
      const enter = over ? [ENTER_OVER, 'sh', root, PLACE, overlayOptions(root, over)] : [ENTER, 'sh', root, PLACE]
      const entered = ['sh', '-c', ...enter, ...runtime]
      const command = proxy ? withRelay(proxy.socketPath, entered) : entered
      ran = await ended(command, { root, limits, signal, log, ownNetwork: asks })
    } finally {
      // Whatever is in the group dies with it, however the runtime ended: what is in the root stays as it is from here.
      isOver = await removeGroup(group)
      await rm(bundle, { recursive: true, force: true })
      await proxy?.close()
    }
    if (!isOver) throw new Error(`Cannot end recipe "${id}": something in it does not die`)
    const fault = proxy?.fault()
    return !ran.ok && fault !== undefined ? err({ code: 'infra', why: fault }) : ran
  }
  return { firstId, run, close: async () => void (await removeGroup(slice.group)) }
}

/** Those whom this machine trusts. The file is public, and on every machine that speaks with others. */
const trusted = () => readFile('/etc/ssl/certs/ca-certificates.crt', 'utf8').catch(() => '')

/** Readable for everybody: in the recipe it is somebody else. */
async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o755 })
  for (const [name, text] of Object.entries(files)) {
    if (!/^[a-z0-9][a-z0-9.-]*$/.test(name)) throw new Error(`Cannot give a recipe "${name}": it is no plain name`)
    await writeFile(join(folder, name), text, { mode: 0o644 })
  }
  return folder
}

type Ending = Pick<RecipeRun, 'root' | 'limits' | 'signal' | 'log'> & { readonly ownNetwork: boolean }

/** The runtime in process and mount namespaces of its own, which end with it, and it with us. */
async function ended(
  inside: readonly string[],
  { root, limits, signal, log, ownNetwork }: Ending,
): Promise<Result<void, RecipeFailed>> {
  const late = AbortSignal.timeout(limits.timeMs)
  const greedy = new AbortController()
  const unshare = ['unshare', ...(ownNetwork ? ['--net'] : []), '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc']
  const args = ['--pdeathsig', 'KILL', '--', ...unshare, '--', ...inside]
  const disk = await watchDisk(root, limits.diskBytes ?? DISK_BYTES, (why) => greedy.abort(why))
  const child = spawn('setpriv', args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => void child.kill('SIGKILL')
  const any = AbortSignal.any([signal, late, greedy.signal])
  any.addEventListener('abort', kill)
  const share = { left: LOG_BYTES_MAX, spent: () => greedy.abort(`it said more than ${LOG_BYTES_MAX} bytes`) }
  const [[status]] = (await Promise.all([
    once(child, 'close'),
    passOn(child.stdout, share, log),
    passOn(child.stderr, share, log),
  ]).finally(() => {
    any.removeEventListener('abort', kill)
    disk.stop()
  })) as [[number | null], void, void]
  signal.throwIfAborted()
  if (late.aborted) return err({ code: 'timeout' })
  if (greedy.signal.aborted) return err({ code: 'failed', status: status ?? -1, why: String(greedy.signal.reason) })
  return status === 0 ? ok(undefined) : err({ code: 'failed', status: status ?? -1 })
}

/** As fast as it is taken: who writes more waits. */
async function passOn(from: Readable, share: { left: number; spent(): void }, log: RecipeRun['log']): Promise<void> {
  for await (const text of from.setEncoding('utf8') as AsyncIterable<string>) {
    if (share.left <= 0) continue
    share.left -= text.length
    await log(text)
    if (share.left <= 0) share.spent()
  }
}
