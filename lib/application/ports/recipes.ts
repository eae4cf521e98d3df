import type { Result } from '#lib/domain/result.ts'

export type RecipeLimits = {
  readonly cpus: number
  readonly memoryBytes: number
  readonly processes: number
  readonly timeMs: number
}
export type RecipeRun = {
  /** A root file system whose files belong to {@link Recipes.firstId} and those after it. What is changed stays in it. */
  readonly root: string
  readonly script: string
  /** A folder that the script sees as /mnt, and cannot write. */
  readonly given?: string
  readonly limits: RecipeLimits
  readonly signal: AbortSignal
  log(text: string): void
}
export type RecipeFailed = { readonly code: 'failed'; readonly status: number } | { readonly code: 'timeout' }

/**
 * Places where a recipe changes a root file system, as its root, who is nobody on the machine: no network, no path but the
 * root and what is given, limits, and an end that needs nobody's cooperation.
 */
export interface Recipes {
  /** The id on the machine of the root of a recipe. */
  readonly firstId: number
  run(run: RecipeRun): Promise<Result<void, RecipeFailed>>
  close(): Promise<void>
}
