import type { Combination } from '#lib/domain/artifact.ts'
import type { Outcome } from '#lib/domain/build.ts'
import type { Deployment } from '#lib/domain/deployment.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import type { CheckResults } from '#lib/domain/regression.ts'

/** A combination with the newest result of each of its checks. */
export type Tested = { readonly id: Digest; readonly combination: Combination; readonly results: CheckResults }

/** One that a build tested, by the build; a combination by its id; or what the newest build that went well tested. */
export type WhichTested = { readonly build: BuildId } | { readonly id: Digest } | 'newest'

/** How a language stands: what is live, what was tested last, what was built last. */
export type LanguageStatus = {
  readonly lang: LangId
  readonly live: Pick<Deployment, 'number' | 'id' | 'combination' | 'by' | 'at'> | undefined
  /** What the newest build that went well tested; the same as live when that is deployed. */
  readonly newest: Digest | undefined
  readonly build: { readonly id: BuildId; readonly outcome: Outcome | undefined; readonly at: Date } | undefined
}

/** What a language serves now. */
export type LiveDeployment = Pick<Deployment, 'lang' | 'number' | 'id'> & Combination

/** What is live, and was. Every call rejects when the database cannot be reached within its time limit. */
export interface Deployments {
  /** The newest first. */
  history(lang: LangId, max: number): Promise<readonly Deployment[]>
  tested(lang: LangId, which: WhichTested): Promise<Tested | undefined>
  /** Adds a deployment, with an audit row and an announcement, in one transaction; false when its number is taken. */
  add(deployment: Omit<Deployment, 'at' | 'combination'>, auditId: string): Promise<boolean>
  /** What each language that has a deployment serves. */
  live(): Promise<readonly LiveDeployment[]>
  /** The text of a config version. */
  config(digest: Digest): Promise<string | undefined>
  /** Of those named, or of all there are, by id. */
  status(langs?: readonly LangId[]): Promise<readonly LanguageStatus[]>
}
