import type { Deployments } from '#lib/application/ports/deployments.ts'
import type { Combination } from '#lib/domain/artifact.ts'
import { PRIORITIES } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { type BuildRefused, type BuildsWorld, requestBuild } from '../builds/request-build.ts'

export type UseWorld = BuildsWorld & {
  readonly deployments: Pick<Deployments, 'status' | 'config'>
  /** The agent that a config keeps to, if it does. */
  readonly pinOf: (lang: LangId, configText: string) => string | undefined
}

export type AskedUse = { readonly lang: LangId } & (
  | { readonly how: 'already' }
  /** Tests what is live with that agent; `isOurs` when nobody had asked for the same. */
  | { readonly how: 'testing'; readonly build: BuildId; readonly isOurs: boolean }
)
export type UseRefused = { readonly lang: LangId } & (
  | { readonly code: 'not_live' }
  | { readonly code: 'pinned'; readonly agent: string }
  | BuildRefused
)

/** Asks for a test of what a language serves, its image and its config, with another release of the agent. */
export async function askToUse(
  world: UseWorld,
  ask: { readonly lang: LangId; readonly version: string; readonly by: string },
): Promise<Result<AskedUse, UseRefused>> {
  const { lang, version, by } = ask
  const [status] = await world.deployments.status([lang])
  const live = status?.live?.combination
  if (!live) return err({ lang, code: 'not_live' })
  if (live.agent === version) return ok({ lang, how: 'already' })
  const configText = await world.deployments.config(live.config)
  if (configText === undefined) throw new Error(`Cannot test ${lang}: the text of config ${live.config} is not kept`)
  const pin = world.pinOf(lang, configText)
  if (pin !== undefined && pin !== version) return err({ lang, code: 'pinned', agent: pin })

  const base = await baseOf(world, live)
  const inputs = { lang, configText, from: 'test', image: live.image, agent: version, ...(base && { base }) } as const
  const asked = await requestBuild(world, { ...inputs, by, priority: PRIORITIES.person })
  if (!asked.ok) return err({ lang, ...asked.error })
  return ok({ lang, how: 'testing', build: asked.value.build, isOurs: asked.value.how === 'new' })
}

/** The one that the image stands on, so that the same question has the same answer after a newer base was made. */
async function baseOf({ artifacts }: UseWorld, { image }: Combination): Promise<Digest | undefined> {
  const made = await artifacts.find(image)
  for (const input of made?.inputs ?? []) if ((await artifacts.find(input))?.kind === 'base') return input
  return undefined
}
