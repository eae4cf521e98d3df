import { watch } from 'node:fs/promises'

/** Editors write a file several times over. */
const SETTLE_MS = 200

/** Ids of configs in the folders that changed, each once things have settled; it ends with the signal. */
export async function* changedConfigs(folders: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
  const changed = new Set<string>()
  let { promise: news, resolve: tell } = Promise.withResolvers<void>()
  signal.addEventListener('abort', () => tell(), { once: true })
  for (const folder of folders) void listen(folder)

  async function listen(folder: string): Promise<void> {
    try {
      for await (const { filename } of watch(folder, { signal })) {
        const id = /^([^.].*)\.yaml$/.exec(filename ?? '')?.[1]
        if (id !== undefined) changed.add(id)
        tell()
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  while (!signal.aborted) {
    await news
    ;({ promise: news, resolve: tell } = Promise.withResolvers<void>())
    if (signal.aborted) return
    await new Promise((done) => setTimeout(done, SETTLE_MS))
    const ids = [...changed]
    changed.clear()
    yield* ids
  }
}
