import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { RecipeFailed, RecipeRun, Recipes } from '#lib/application/ports/recipes.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { findCgroups, removeGroup } from './cgroups.ts'
import { recipeConfig } from './recipe-bundle.ts'
import { openSlice } from './slice.ts'

export type OciRecipesOptions = {
  readonly runtimePath: string
  /** Names the control group that all recipes of this instance share. */
  readonly instance: string
  readonly workDir: string
  readonly firstId: number
  readonly memoryBytes: number
}

/** Where the root is bound to in a mount namespace of the recipe's own: a place that everybody may pass to. */
const PLACE = '/srv'
/** $1 root, $2 place, and then the runtime's command. */
const ENTER = 'mount --make-rprivate / && mount --bind -o nodev "$1" "$2" && shift 2 && exec "$@"'

/** Recipes run by an OCI runtime. */
export async function ociRecipes(options: OciRecipesOptions): Promise<Recipes> {
  const { runtimePath, firstId, workDir } = options
  const slice = await openSlice(findCgroups(), `${options.instance}-builds`, options.memoryBytes)

  return {
    firstId,
    async run({ root, script, given, limits, signal, log }) {
      const id = `recipe${randomBytes(8).toString('hex')}`
      const bundle = join(workDir, id)
      const { group, cgroupsPath } = slice.below(id)
      const inputs = { rootPath: PLACE, cgroupsPath, firstId, script, given, limits, countsSwap: slice.countsSwap }
      await mkdir(bundle, { recursive: true, mode: 0o700 })
      try {
        await writeFile(join(bundle, 'config.json'), JSON.stringify(recipeConfig({ ...inputs, arch: process.arch })))
        const command = [runtimePath, '--root', join(bundle, 'state'), 'run', '--bundle', bundle, id]
        return await ended(['sh', '-c', ENTER, 'sh', root, PLACE, ...command], { limits, signal, log })
      } finally {
        // Whatever is in the group dies with it, however the runtime ended.
        await removeGroup(group)
        await rm(bundle, { recursive: true, force: true })
      }
    },
    close: async () => void (await removeGroup(slice.group)),
  }
}

/** The runtime in process and mount namespaces of its own, which end with it, and it with us. */
async function ended(
  inside: readonly string[],
  { limits, signal, log }: Pick<RecipeRun, 'limits' | 'signal' | 'log'>,
): Promise<Result<void, RecipeFailed>> {
  const late = AbortSignal.timeout(limits.timeMs)
  const [command = '', ...args] = [
    ...[
      'setpriv',
      '--pdeathsig',
      'KILL',
      '--',
      'unshare',
      '--mount',
      '--pid',
      '--fork',
      '--kill-child=KILL',
      '--mount-proc',
      '--',
    ],
    ...inside,
  ]
  const child = spawn(command, args, { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] })
  const kill = () => void child.kill('SIGKILL')
  const either = AbortSignal.any([signal, late])
  either.addEventListener('abort', kill)
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', log)
  const [status] = (await once(child, 'close').finally(() => either.removeEventListener('abort', kill))) as [number | null]
  signal.throwIfAborted()
  if (late.aborted) return err({ code: 'timeout' })
  return status === 0 ? ok(undefined) : err({ code: 'failed', status: status ?? -1 })
}
