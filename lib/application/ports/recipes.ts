import type { RegistryKind } from '#lib/domain/package-registry.ts'
import type { Result } from '#lib/domain/result.ts'

export type RecipeLimits = {
  readonly cpus: number
  readonly memoryBytes: number
  readonly processes: number
  readonly timeMs: number
  /** How much the root may take on the disk in the end; {@link DISK_BYTES} where it is not said. */
  readonly diskBytes?: number
}
/** A compiler with its libraries, and room to build. */
export const DISK_BYTES = 12 * 1024 ** 3

/** What every recipe finds, wherever it runs. */
export const IN_RECIPE = {
  /** Packages to install. */
  given: '/mnt',
  /** In memory, so that no place for them has to be in the root, and none is left there. */
  files: '/run/recipe',
  /** Among the files: as an argument it could only have 128 KiB. */
  script: 'script',
  certificates: 'certificates.pem',
  tools: '/run/tools',
  /** In a network that has nothing else. */
  proxyPort: 3128,
} as const

export const RECIPE_ENV: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
  TZ: 'UTC',
  DEBIAN_FRONTEND: 'noninteractive',
  SOURCE_DATE_EPOCH: '946684800',
}

export type RecipeRun = {
  /** A root file system whose files belong to {@link Recipes.firstId} and those after it. What is changed stays in it. */
  readonly root: string
  /** A folder that is left as it is: then `root` has what is written over it, as `overlayOptions` says. */
  readonly over?: string
  readonly script: string
  /** A folder that the script sees as /mnt, and cannot write. */
  readonly given?: string
  /** Texts by name, which it sees below /run/recipe, and cannot write. */
  readonly files?: Readonly<Record<string, string>>
  /** Whether it sees what languages have from npm, Node and npm themselves among it, as /run/tools. */
  readonly withTools?: boolean
  /** The registries that it may reach; without any it has no network. */
  readonly registries?: readonly RegistryKind[]
  readonly limits: RecipeLimits
  readonly signal: AbortSignal
  /** Output is read on when what this gives is settled. */
  log(text: string): void | Promise<void>
}
/**
 * `infra`: it failed, and a registry that it asked for could not be reached; or, with `placeLost`, the place that it ran in
 * did not come to be, ended, or had too little memory for it.
 */
export type RecipeFailed =
  | { readonly code: 'failed'; readonly status: number; readonly why?: string }
  | { readonly code: 'timeout' }
  | { readonly code: 'infra'; readonly why: string; readonly placeLost?: boolean }

/**
 * Places where a recipe changes a root file system, as its root, who is nobody on the machine: no network but a proxy to the
 * registries it names, no path but the root and what is given, limits, and an end that needs nobody's cooperation.
 */
export interface Recipes {
  /** The id on the machine of the root of a recipe. */
  readonly firstId: number
  run(run: RecipeRun): Promise<Result<void, RecipeFailed>>
  close(): Promise<void>
}
