import type { CheckResult } from '#lib/application/checks/run-check.ts'
import type { AttemptEnd } from '#lib/application/ports/build-queue.ts'
import type { TestResult } from '#lib/domain/build.ts'
import type { Language } from '#lib/domain/language.ts'
import type { StepInputs, StepsWorld, StepTools } from './step-world.ts'

/** All that the config declares, done on the image with the agent of the build, as a visitor would. */
export async function testImage(
  world: StepsWorld,
  { leased: { inputs, made }, parsed }: StepInputs,
  tools: StepTools,
): Promise<AttemptEnd> {
  const { lang, config, agent } = inputs
  const { image } = made
  if (!image) return { outcome: 'infra', reason: 'There is no image to test' }
  const language: Language = { ...parsed.language, foundation: { lang, image, agent } }
  await tools.log(`Testing ${image} with agent ${agent}\n`)

  const { results: checked, version, unopened } = await world.checkImage(language, tools)
  tools.signal.throwIfAborted()
  if (version !== undefined) {
    await tools.log(`It says that it is ${version}\n`)
    await world.artifacts.learn(image, { version })
  }
  for (const { output } of checked) if (output) await tools.log(`${output}\n`)
  if (unopened !== undefined) return { outcome: 'infra', reason: `No session could be opened on the image: ${unopened}` }

  const tested = { lang, image, config, agent }
  const results = [...checked.map(resultOf), ...language.checks.skipped.map(skippedOf)]
  const bad = results.find(({ outcome }) => outcome === 'failed' || outcome === 'timeout')
  if (!bad) return { outcome: 'ok', tested, results }
  return { outcome: 'failed', reason: `${bad.check}: ${bad.why}`, tested, results }
}

function resultOf({ check, ok, ms, why = 'it did not say why' }: CheckResult): TestResult {
  if (ok) return { check, outcome: 'ok', ms }
  return { check, outcome: why.startsWith('time was up') ? 'timeout' : 'failed', ms, why }
}

const skippedOf = ({ check, reason }: Language['checks']['skipped'][number]): TestResult => ({
  ...{ check, outcome: 'skipped', ms: 0 },
  why: reason,
})
