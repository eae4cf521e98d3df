import { randomBytes } from 'node:crypto'

import { apply, kubectl } from './kubectl.ts'

/** On every namespace that tests make, so that what they leave behind is found. */
export const TEST_LABEL = 'dragoman.dev/test'

export type OwnNamespace = AsyncDisposable & {
  readonly name: string
  /** Waits until its pods are gone, and has the rest removed; may be called again. */
  end(): Promise<void>
}

/** A namespace that nobody else uses. Its name begins as told and is new each time. */
export async function ownNamespace(prefix: string, labels: Readonly<Record<string, string>> = {}): Promise<OwnNamespace> {
  const name = `${prefix}-${randomBytes(4).toString('hex')}`
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: { [TEST_LABEL]: 'true', ...labels } } })
  await serviceAccountOf(name)
  let ended: Promise<void> | undefined
  const end = () => (ended ??= remove(name))
  return { name, end, [Symbol.asyncDispose]: end }
}

/** Pods are refused until the controllers have made the namespace's own account. */
async function serviceAccountOf(namespace: string): Promise<void> {
  const until = Date.now() + ACCOUNT_MS_MAX
  for (;;) {
    const found = await kubectl(['get', 'serviceaccount', 'default', '-n', namespace, '--ignore-not-found', '-o', 'name'])
    if (found !== '') return
    if (Date.now() > until) throw new Error(`The namespace "${namespace}" has no account after ${ACCOUNT_MS_MAX} ms`)
  }
}

/** After an API server that was away for minutes the cluster's own controllers come back at times of their own. */
const ACCOUNT_MS_MAX = 90_000

/**
 * Pods go at once: nothing in a test has manners to keep, and a pod that is let go kubelet reports as gone only after 8 to 50 s.
 * The empty namespace itself takes seconds, in which others may work.
 */
async function remove(name: string): Promise<void> {
  await kubectl(['delete', 'pods', '--all', '-n', name, '--grace-period=0', '--force', '--ignore-not-found'])
  await kubectl(['delete', 'namespace', name, '--ignore-not-found', '--wait=false'])
}
