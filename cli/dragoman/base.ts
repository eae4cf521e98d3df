import { systemClock } from '#lib/adapters/system/time.ts'
import { buildBase } from '#lib/application/images/build-base.ts'
import type { Artifact } from '#lib/domain/artifact.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { openStores } from '#lib/stores.ts'
import { visible } from '#lib/domain/visible-text.ts'

import type { Options } from './options.ts'
import { jsonResult, note, result, table } from './print.ts'
import { day, short } from './query.ts'
import { withWorkshop, type Workshop } from './workshop.ts'

const MIB = 1024 ** 2

/** The bases that images grow from: lists them, or makes a new one. */
export async function base({ names, json }: Options, signal: AbortSignal): Promise<number> {
  if (names[0] !== 'make') return list(json)
  const made = await withWorkshop((workshop) => makeBase(workshop, signal))
  if (json) jsonResult(made.ok ? { ok: true, ...made.value } : { ok: false, why: made.error })
  else if (made.ok) result(`${made.value.distribution} ${made.value.release}: ${made.value.digest}`)
  else note(`dragoman: base: ${visible(made.error)}`)
  return made.ok ? 0 : 1
}

async function list(json: boolean): Promise<number> {
  const bases = await withWorkshop(({ artifacts }) => artifacts.bases())
  if (json) jsonResult(bases.map(listed))
  else if (bases.length === 0) note('None')
  else {
    const rows = bases.map(({ digest, size, facts, madeAt }) => [
      ...[`${String(facts['distribution'])} ${String(facts['release'])}`, short(digest)],
      ...[`${(size / MIB).toFixed(1)} MiB`, day(madeAt)],
    ])
    result(table([['base', 'image', 'size', 'made'], ...rows]))
  }
  return 0
}

const listed = ({ digest, size, facts, madeAt }: Artifact & { readonly madeAt: Date }) => ({
  ...{ digest, size, madeAt },
  distribution: facts['distribution'],
  release: facts['release'],
})

export type MadeBase = { readonly digest: Digest; readonly distribution: string; readonly release: string }

/** Makes the base of the release in the options and records it. What it prints is shown only when it went wrong. */
export async function makeBase({ config, artifacts }: Workshop, signal: AbortSignal): Promise<Result<MadeBase, string>> {
  const stores = await openStores(config, systemClock)
  const said: string[] = []
  try {
    const built = await buildBase(stores, config.baseRelease, { signal, log: (text) => void said.push(text) })
    if (!built.ok) return err(`${'why' in built.error ? built.error.why : built.error.code}\n${said.slice(-20).join('')}`)
    const { digest, size, facts } = built.value
    const { distribution, release, architecture, packages } = facts
    const versions = Object.fromEntries(packages.map(({ name, version }) => [name, version]))
    await artifacts.record({
      ...{ kind: 'base', digest, size, inputs: [] },
      facts: { distribution, release, architecture, packages: versions },
    })
    return ok({ digest, distribution, release })
  } finally {
    stores.close()
  }
}
