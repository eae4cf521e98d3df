import type { AgentBinaries } from '#lib/application/ports/agent-binaries.ts'
import type { HeldRoot, ImageRoots, RootRefused } from '#lib/application/ports/image-roots.ts'
import type { Images } from '#lib/application/ports/images.ts'
import type { Layers } from '#lib/application/ports/layers.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { RootFolders } from '#lib/application/ports/root-folders.ts'
import { unlessAborted } from '#lib/application/ports/unless-aborted.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import { languageRepository } from '#lib/domain/repository.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { lintImage } from './lint-image.ts'
import { storedImage } from './stored-layers.ts'

/** Folders that nobody needs are kept for whoever rolls back or tries something again. */
export const UNUSED_ROOTS_MAX = 8

type World = {
  readonly images: Images
  readonly layers: Layers
  readonly folders: RootFolders
  readonly agents: AgentBinaries
  readonly log: Log
}
type Found = Result<string, RootRefused>

/**
 * Images unpacked by digest, each once. What is whole is used without asking where images are kept. Of those that nobody holds,
 * the ones that were needed last stay.
 */
export function imageRoots({ images, layers, folders, agents, log }: World): ImageRoots & { close(): void } {
  const holders = new Map<Digest, number>()
  const finding = new Map<Digest, Promise<Found>>()
  const leaving = new Map<Digest, Promise<void>>()
  const closing = new AbortController()

  async function place(lang: Foundation['lang'], image: Digest): Promise<Found> {
    const there = await folders.find(image)
    if (there !== undefined) {
      await folders.touch(image)
      return ok(there)
    }
    const repository = languageRepository(lang)
    if (!repository.ok) return bad(`"${lang}" has no images`)
    const signal = closing.signal
    const linted = await lintImage({ images, layers }, repository.value, image, { signal })
    if (!linted.ok) return bad(JSON.stringify(linted.error))
    const stored = await storedImage(images, repository.value, image)
    if (!stored) return bad('it is not whole')
    const unpacked = await layers.unpack(
      stored.layers.map((layer) => layer.read),
      { signal },
    )
    try {
      return ok(await folders.take(image, unpacked.path))
    } catch (error) {
      await unpacked.remove()
      throw error
    }
  }

  function find({ lang, image }: Foundation): Promise<Found> {
    const earlier = finding.get(image)
    if (earlier) return earlier
    const found = (leaving.get(image) ?? Promise.resolve())
      .then(() => place(lang, image))
      .catch((error: unknown) => err({ code: 'not_fetched' as const, why: errorText(error) }))
      .finally(() => finding.delete(image))
    finding.set(image, found)
    return found
  }

  async function removeUnused(): Promise<void> {
    const unused = (await folders.list()).filter((image) => !holders.has(image))
    for (const image of unused.slice(0, Math.max(0, unused.length - UNUSED_ROOTS_MAX))) {
      if (holders.has(image)) continue // somebody came meanwhile
      const left = folders.remove(image).finally(() => leaving.delete(image))
      leaving.set(image, left)
      await left
    }
  }
  let removing = Promise.resolve()
  const unusedGo = () => {
    removing = removing.then(removeUnused).catch((error: unknown) => log.warn('images stay', { error: errorText(error) }))
  }

  function noted(image: Digest): () => void {
    holders.set(image, (holders.get(image) ?? 0) + 1)
    let released = false
    return () => {
      if (released) return
      released = true
      const left = (holders.get(image) ?? 1) - 1
      if (left > 0) holders.set(image, left)
      else if (holders.delete(image)) unusedGo()
    }
  }

  async function agentOf(version: string): Promise<Result<string, RootRefused>> {
    try {
      const path = await agents.path(version)
      return path === undefined ? err({ code: 'no_agent', version }) : ok(path)
    } catch (error) {
      return err({ code: 'not_fetched', why: errorText(error) })
    }
  }

  return {
    async hold(foundation, signal): Promise<Result<HeldRoot, RootRefused>> {
      const release = noted(foundation.image)
      try {
        const [root, agent] = await unlessAborted(Promise.all([find(foundation), agentOf(foundation.agent)]), signal)
        if (!root.ok || !agent.ok) release()
        if (!root.ok) return root
        if (!agent.ok) return agent
        return ok({ rootPath: root.value, agentPath: agent.value, release })
      } catch (error) {
        release()
        throw error
      }
    },
    close: () => closing.abort(new Error('The server is going')),
  }
}

const bad = (why: string): Result<never, RootRefused> => err({ code: 'bad_image', why })
