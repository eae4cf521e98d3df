import { buildPackage } from '#lib/application/images/build-package.ts'
import type { AttemptEnd } from '#lib/application/ports/build-queue.ts'
import { packageKey } from '#lib/domain/package-key.ts'
import { lastLine } from './last-line.ts'
import { madeBefore, recipeOf } from './made-before.ts'
import { refusedEnd } from './refused-end.ts'
import type { StepInputs, StepsWorld, StepTools } from './step-world.ts'

/** A `.deb` of what the config's `install` says, in the object store. */
export async function makePackage(
  world: StepsWorld,
  { leased, base, parsed }: StepInputs,
  { signal, log }: StepTools,
): Promise<AttemptEnd> {
  const { inputs, timeoutMs } = leased
  const { lang } = inputs
  const { install = {}, shared } = parsed.config
  const recipe = recipeOf(['package', base.digest, install, ...(shared ? [shared] : [])])
  const before = await madeBefore(world, 'package', inputs, recipe)
  if (before) {
    await log(`Nothing has changed since ${before.digest} was made\n`)
    return { outcome: 'ok', artifact: before, skipped: true }
  }

  const said = lastLine(log)
  const limits = { ...world.limits, timeMs: timeoutMs }
  const made = await buildPackage(world, {
    base,
    lang,
    config: parsed.config,
    release: base.release,
    limits,
    attempt: leased,
    signal,
    log: said.log,
  })
  if (!made.ok) return refusedEnd(made.error, said.last())
  const { digest, size, facts, open, remove } = made.value
  try {
    const put = await world.objects.put(packageKey(lang, digest), open(0), { expected: digest, signal })
    if (!put.ok) return { outcome: 'infra', reason: `The package could not be stored: ${put.error.code}` }
  } finally {
    await remove()
  }
  await log(`Made ${digest}, ${size} bytes\n`)
  const artifact = { kind: 'package', lang, config: inputs.config, digest, size, facts: { ...facts, recipe } } as const
  return { outcome: 'ok', artifact: { ...artifact, inputs: [base.digest] } }
}
