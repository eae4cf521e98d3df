import type { Leased } from '#lib/application/ports/build-queue.ts'
import { baseRepository } from '#lib/domain/repository.ts'
import type { StepRunner } from '../run-attempt.ts'
import { makeImage } from './make-image.ts'
import { makePackage } from './make-package.ts'
import type { NotOk, StepInputs, StepsWorld, StepTools } from './step-world.ts'
import { testImage } from './test-image.ts'

const STEP = { package: makePackage, image: makeImage, test: testImage } as const

/** The steps of a build. What cannot be reached or is missing here is `infra`; what a config asks for in vain is `failed`. */
export const stepRunner =
  (world: StepsWorld): StepRunner =>
  async (leased, { signal, write, isWanted }) => {
    const tools: StepTools = { signal, isWanted, log: (text) => write(text) }
    const inputs = await inputsOf(world, leased)
    return 'outcome' in inputs ? inputs : STEP[leased.step](world, inputs, tools)
  }

async function inputsOf(world: StepsWorld, leased: Leased): Promise<StepInputs | NotOk> {
  const { config, base, lang } = leased.inputs
  const [text, madeOf] = await Promise.all([world.configs.config(config), world.artifacts.find(base)])
  if (text === undefined) return { outcome: 'infra', reason: `The text of config ${config} is not recorded` }
  const parsed = world.parse(lang, text)
  if (!parsed.ok) return { outcome: 'failed', reason: `The config is refused: ${parsed.error}` }
  const { distribution, release } = madeOf?.facts ?? {}
  const repository = baseRepository(String(distribution), String(release))
  if (!repository.ok) return { outcome: 'infra', reason: `Base ${base} has no name of a repository` }
  return { leased, parsed: parsed.value, base: { repository: repository.value, digest: base, release: String(release) } }
}
