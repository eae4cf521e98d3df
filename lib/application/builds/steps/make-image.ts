import { buildImage } from '#lib/application/images/build-image.ts'
import type { AttemptEnd } from '#lib/application/ports/build-queue.ts'
import type { LangConfig } from '#lib/domain/lang-config.ts'
import { packageKey } from '#lib/domain/package-key.ts'
import { languageRepository, tag } from '#lib/domain/repository.ts'
import { ok, type Result } from '#lib/domain/result.ts'
import { type SharedRefused, sharedRecipes } from '#lib/domain/shared-recipes.ts'
import { lastLine } from './last-line.ts'
import { madeBefore, recipeOf } from './made-before.ts'
import { refusedEnd } from './refused-end.ts'
import type { StepInputs, StepsWorld, StepTools } from './step-world.ts'

/** The image that a language's build made last. The tag also keeps it from being collected before it is recorded. */
const NEWEST = tag('latest')

/** The base and the language's package on top of it, among the images. */
export async function makeImage(world: StepsWorld, { leased, base, parsed }: StepInputs, tools: StepTools): Promise<AttemptEnd> {
  const { inputs, made, timeoutMs } = leased
  const { lang, config } = inputs
  const repository = languageRepository(lang)
  if (!repository.ok || !made.package) return { outcome: 'infra', reason: 'There is no package to make an image of' }
  const key = packageKey(lang, made.package)
  const install = imageInstall(parsed.config)
  if (!install.ok) return refusedEnd(install.error, '')
  const manualInstall = install.value
  const recipe = recipeOf(['image', base.digest, made.package, manualInstall ?? ''])
  const before = await madeBefore(world, 'image', inputs, recipe)
  if (before) {
    await tools.log(`Nothing has changed since ${before.digest} was made\n`)
    return { outcome: 'ok', artifact: before, skipped: true }
  }
  const stored = await world.objects.get(key)
  if (!stored) return { outcome: 'infra', reason: `Package ${made.package} is not in the object store` }

  const said = lastLine(tools.log)
  using _ = { [Symbol.dispose]: () => void stored.bytes.destroy() } // nobody reads it when the base is refused
  const built = await buildImage(world, {
    ...{ base, to: repository.value, deb: { ...stored.facts, open: () => stored.bytes }, release: base.release },
    ...(manualInstall !== undefined && { recipe: manualInstall }),
    labels: { 'dragoman.language': lang },
    limits: { ...world.limits, timeMs: timeoutMs },
    attempt: leased,
    signal: tools.signal,
    log: said.log,
  })
  if (!built.ok) return refusedEnd(built.error, said.last())
  const { digest, size, packages } = built.value
  if (!(await tools.isWanted())) return { outcome: 'infra', reason: 'The image came too late: its attempt is over' }
  if (NEWEST.ok) await world.images.tag(repository.value, NEWEST.value, digest)
  await tools.log(`Made ${digest}, ${size} bytes\n`)
  const facts = { recipe, release: base.release, packages }
  return {
    outcome: 'ok',
    artifact: { kind: 'image', lang, config, digest, size, facts, inputs: [base.digest, made.package] },
  }
}

/** What runs while the image is made: of the shared packages first, each in a shell of its own. */
function imageInstall({ install, shared }: LangConfig): Result<string | undefined, SharedRefused> {
  const found = sharedRecipes(install, shared)
  if (!found.ok) return found
  const before = found.value.flatMap(({ install: { manualInstall } }) => manualInstall ?? [])
  const own = install?.manualInstall
  return ok(before.length === 0 ? own : [...before, own ?? 'true'].map((text) => `(\n${text}\n)`).join('\n'))
}
