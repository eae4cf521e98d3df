import type { LangConfig } from './lang-config.ts'
import { err, ok, type Result } from './result.ts'

/** One `shared/<id>.yaml`. */
export type SharedRecipe = NonNullable<LangConfig['shared']>[number]
type Install = SharedRecipe['install']

export type SharedRefused = {
  readonly code: 'unknown_shared' | 'shared_cycle' | 'shared_too_deep'
  /** The name that leads there, in the list of who asks. */
  readonly name: string
  readonly why: string
}

/** Shared packages that need one another, from the first that a language names to the last. */
export const SHARED_DEPTH_MAX = 5

/** The shared packages that a recipe needs, each once and after those that it needs itself. */
export function sharedRecipes(
  install: Install | undefined,
  known: readonly SharedRecipe[] = [],
): Result<readonly SharedRecipe[], SharedRefused> {
  const byId = new Map(known.map((recipe) => [recipe.id, recipe]))
  const heights = new Map<string, number>()
  const found: SharedRecipe[] = []

  /** How many stand in the longest chain that begins with it. */
  function height(id: string, above: readonly string[]): Result<number, Omit<SharedRefused, 'name'>> {
    const chain = [...above, id]
    const way = chain.join(' -> ')
    const recipe = byId.get(id)
    if (!recipe) return err({ code: 'unknown_shared', why: `there is no shared package ${JSON.stringify(id)}${via(above)}` })
    if (above.includes(id)) return err({ code: 'shared_cycle', why: `shared packages need themselves: ${way}` })
    const before = heights.get(id)
    if (above.length + (before ?? 1) > SHARED_DEPTH_MAX) {
      return err({ code: 'shared_too_deep', why: `more than ${SHARED_DEPTH_MAX} shared packages need one another: ${way}` })
    }
    if (before !== undefined) return ok(before)
    let tallest = 0
    for (const name of recipe.install.riju ?? []) {
      const below = height(name, chain)
      if (!below.ok) return below
      tallest = Math.max(tallest, below.value)
    }
    heights.set(id, tallest + 1)
    found.push(recipe)
    return ok(tallest + 1)
  }

  for (const name of install?.riju ?? []) {
    const needed = height(name, [])
    if (!needed.ok) return err({ ...needed.error, name })
  }
  return ok(found)
}

const via = (above: readonly string[]) => (above.length === 0 ? '' : `, which ${above.join(' -> ')} needs`)
