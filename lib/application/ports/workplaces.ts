import type { AttemptKey } from '#lib/domain/build.ts'
import type { Repository } from '#lib/domain/repository.ts'
import type { Result } from '#lib/domain/result.ts'
import type { LaidLayers, PackedLayer } from './layers.ts'
import type { RecipeFailed, RecipeLimits, RecipeRun } from './recipes.ts'

/** An image that was linted, and where it is kept. */
export type BeginImage = LaidLayers & { readonly repository: Repository }

export type BeginWorkplace = {
  /** Of all that will run in it; the time counts for each script anew. */
  readonly limits: RecipeLimits
  /** Whether some script will ask to see what languages have from npm. */
  readonly withTools?: boolean
  /** For whom, where it is a step of a build. */
  readonly attempt?: AttemptKey
  readonly signal: AbortSignal
  log(text: string): void | Promise<void>
}

/** One root that began as an image, and that scripts change one after the other. */
export type Workplace = {
  /** A file of ours with dpkg's list of what the image has. */
  readonly status: string
  /** Like {@link Recipes.run}, in this root. */
  run(recipe: Omit<RecipeRun, 'root' | 'over'>): Promise<Result<void, RecipeFailed>>
  /** Like {@link BegunRoot.pack}; the changes began with the first script. */
  pack(options: {
    readonly fallback: Date
    readonly signal: AbortSignal
  }): Promise<Result<PackedLayer & { readonly newest: Date }, RecipeFailed>>
  /** What is in one of its folders, to be read as a folder of ours that nobody changes; there may be none at that path. */
  content(folder: string, signal: AbortSignal): Promise<Result<{ readonly path: string; remove(): Promise<void> }, RecipeFailed>>
  /** Ends all that is in it. */
  remove(): Promise<void>
}

/** Where images and packages are made. What ends by itself (a machine, a pod) says so as `infra` at the next call. */
export interface Workplaces {
  begin(image: BeginImage, options: BeginWorkplace): Promise<Result<Workplace, RecipeFailed>>
}
