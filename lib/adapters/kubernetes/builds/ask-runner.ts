import { errorText } from '#lib/application/ports/log.ts'
import type { RecipeFailed } from '#lib/application/ports/recipes.ts'
import type { Result } from '#lib/domain/result.ts'
import type { RunnerOperation } from '#lib/protocol/runner-words.ts'

import { type BuildPod, infra } from './build-pod.ts'
import type { RunnerLink, RunnerWord } from './runner-link.ts'
import { disposedOn } from './ways.ts'

/** Looking at half a million files of a busy disk. */
const SILENCE_MS = 120_000

/** One operation. Where it breaks off, it was let down, for the reason that the cluster gives if it gives any. */
export async function asked<Value>(
  pod: BuildPod,
  operation: RunnerOperation,
  signal: AbortSignal,
  take: (link: RunnerLink) => Promise<Result<Value, RecipeFailed>>,
): Promise<Result<Value, RecipeFailed>> {
  try {
    using link = await pod.open(operation)
    using _ = disposedOn(signal, link)
    link.silenceMs = SILENCE_MS
    return await take(link)
  } catch (error) {
    signal.throwIfAborted()
    return (await pod.fate(signal)) ?? infra(`The runner of a pod: ${errorText(error)}`)
  }
}

/** Why the first word was not the one that was waited for. */
export const whyNot = (word: RunnerWord | undefined): string =>
  word?.kind === 'said' && word.said.type === 'failed' ? `The runner: ${word.said.why}` : 'A runner said what belongs elsewhere'

/** Throws when there is more. */
export async function* atMost(source: AsyncIterable<Uint8Array>, max: number): AsyncGenerator<Uint8Array> {
  let left = max
  for await (const bytes of source) {
    left -= bytes.length
    if (left < 0) throw new Error(`there is more than ${max} bytes`)
    yield bytes
  }
}
