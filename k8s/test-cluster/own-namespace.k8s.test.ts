import { expect, test } from 'vitest'

import { apply, kubectl } from './kubectl.ts'
import { ownNamespace } from './own-namespace.ts'

test('a namespace of a test takes objects at once, and goes with all that is in it', async () => {
  const { name, end } = await ownNamespace('own')
  await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: name }, data: { a: 'b' } })
  expect(await kubectl(['get', 'configmap', 'a', '-n', name, '-o', 'jsonpath={.data.a}'])).toBe('b')

  await Promise.all([end(), end()])
  await expect.poll(() => kubectl(['get', 'namespace', name, '--ignore-not-found'])).toBe('')
})
