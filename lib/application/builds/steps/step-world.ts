import type { AttemptEnd, Leased } from '#lib/application/ports/build-queue.ts'
import type { Artifacts } from '#lib/application/ports/artifacts.ts'
import type { CheckResult } from '#lib/application/checks/run-check.ts'
import type { Debs } from '#lib/application/ports/debs.ts'
import type { Deployments } from '#lib/application/ports/deployments.ts'
import type { Images } from '#lib/application/ports/images.ts'
import type { Layers } from '#lib/application/ports/layers.ts'
import type { ObjectStore } from '#lib/application/ports/object-store.ts'
import type { Packages } from '#lib/application/ports/packages.ts'
import type { RecipeLimits } from '#lib/application/ports/recipes.ts'
import type { Workplaces } from '#lib/application/ports/workplaces.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { LangConfig } from '#lib/domain/lang-config.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Repository } from '#lib/domain/repository.ts'
import type { Result } from '#lib/domain/result.ts'

export type NotOk = Extract<AttemptEnd, { readonly reason: string }>

/** What a step is told by, and what it tells. `log` settles when there is room for more. */
export type StepTools = {
  readonly signal: AbortSignal
  log(text: string): Promise<void>
  isWanted(): Promise<boolean>
}

export type StoredBase = { readonly repository: Repository; readonly digest: Digest; readonly release: string }

export type ImageChecked = {
  readonly results: readonly CheckResult[]
  /** What the language's `versionCommand` printed there. */
  readonly version?: string
  /** Why no session could be opened on the image: the machinery's fault, not the language's. */
  readonly unopened?: string
}
/** Does what a config declares on the image that the language stands on, as a visitor would. */
export type CheckImage = (language: Language, tools: StepTools) => Promise<ImageChecked>

export type StepsWorld = {
  readonly artifacts: Pick<Artifacts, 'find' | 'madeLike' | 'learn'>
  readonly configs: Pick<Deployments, 'config'>
  readonly objects: Pick<ObjectStore, 'put' | 'get' | 'head'>
  readonly images: Images
  readonly layers: Layers
  readonly packages: Packages
  readonly workplaces: Workplaces
  readonly debs: Debs
  /** A config from its text; every problem of it in one sentence. */
  readonly parse: (lang: LangId, text: string) => Result<{ config: LangConfig; language: Language }, string>
  readonly checkImage: CheckImage
  readonly limits: Omit<RecipeLimits, 'timeMs'>
}

/** What each step of a build has before it begins. */
export type StepInputs = {
  readonly leased: Leased
  readonly base: StoredBase
  readonly parsed: Extract<ReturnType<StepsWorld['parse']>, { ok: true }>['value']
}
