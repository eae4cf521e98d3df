import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'

import { digestOf } from '#lib/application/testing/builds.ts'
import { repository, type Repository } from '#lib/domain/repository.ts'
import { buildImage } from './build-image.ts'

type Deps = Parameters<typeof buildImage>[0]

const unasked = () => Promise.reject(new Error('nobody should ask'))
const named = (text: string): Repository => {
  const named = repository(text)
  if (!named.ok) throw new Error(`${text} is no repository`)
  return named.value
}

/** A base that is asked for only when its lists are being made ready, and then is not there. */
function world(apt: readonly string[], after: () => Promise<void>) {
  const events: string[] = []
  const [begun, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const images = {
    async getManifest() {
      if (apt.length > 0) await begun.promise
      events.push('base is read')
      asked.resolve()
      return undefined
    },
  }
  const packages = {
    fetch: unasked,
    async prepare() {
      events.push('lists are begun')
      begun.resolve()
      await asked.promise
      await setImmediate()
      events.push('lists are ready')
      await after()
    },
  }
  const deps = { images, packages, layers: {}, workplaces: {} } as unknown as Deps // no more is asked for
  const build = async () => {
    const base = { repository: named('base/debian-bookworm'), digest: digestOf('base') }
    const limits = { cpus: 1, memoryBytes: 1, processes: 1, timeMs: 1 }
    const signal = new AbortController().signal
    const built = await buildImage(deps, { base, to: named('lang/lua'), apt, limits, signal, log: () => undefined })
    events.push(built.ok ? 'image' : built.error.code)
    return events
  }
  return { build }
}

test.each([
  ['', async () => undefined],
  [', though they cannot be fetched', () => Promise.reject(new Error('cut'))],
])('lists of packages are made ready while the base is read, and left to nobody at the end%s', async (_, after) => {
  expect(await world(['lua5.4'], after).build()).toEqual(['lists are begun', 'base is read', 'lists are ready', 'image_missing'])
})

test('an image without packages asks for no lists', async () => {
  expect(await world([], unasked).build()).toEqual(['base is read', 'image_missing'])
})
