import { join } from 'node:path'

import type { Layers } from '#lib/application/ports/layers.ts'
import type { Recipes } from '#lib/application/ports/recipes.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { Workplaces } from '#lib/application/ports/workplaces.ts'
import { ok } from '#lib/domain/result.ts'

type Deps = { readonly layers: Pick<Layers, 'begin'>; readonly recipes: Recipes; readonly clock: Pick<Clock, 'today'> }

/** Workplaces on this machine: the image is unpacked below the work folder, and each script runs in a sandbox over it. */
export const machineWorkplaces = ({ layers, recipes, clock }: Deps): Workplaces => ({
  async begin(image, { signal }) {
    const root = await layers.begin(image, { shiftBy: recipes.firstId, signal })
    const where = { root: root.path, ...(root.over && { over: root.over }) }
    let began: Date | undefined
    return ok({
      status: join(root.began, 'var/lib/dpkg/status'),
      run(recipe) {
        began ??= clock.today()
        return recipes.run({ ...recipe, ...where })
      },
      pack: async (options) => ok(await root.pack({ ...options, begin: began ?? clock.today() })),
      content: async (folder) => ok({ path: join(root.changes, folder), remove: async () => undefined }),
      remove: () => root.remove(),
    })
  },
})
