import { expect, test } from 'vitest'

import type { Digest } from '#lib/domain/digest.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import type { LangId } from '#lib/domain/ids.ts'

import { prepullSpec } from './prepull-spec.ts'

const foundation = (lang: string, hex: string): Foundation => ({
  lang: lang as LangId,
  image: `sha256:${hex.repeat(32)}` as Digest,
  agent: '1.0.0',
})

test('nodes fetch the images by digest, in order, and keep the first one running', () => {
  const { spec } = prepullSpec([foundation('python', 'ab'), foundation('c++', 'cd')], 'localhost:30500', 'dragoman-nodes')
  const pod = spec!.template.spec!

  expect(pod.initContainers?.map(({ image }) => image)).toEqual([
    `localhost:30500/lang/python@sha256:${'ab'.repeat(32)}`,
    `localhost:30500/lang/c-plus-plus@sha256:${'cd'.repeat(32)}`,
  ])
  expect(pod.containers).toMatchObject([{ image: `localhost:30500/lang/python@sha256:${'ab'.repeat(32)}` }])
})

test('what only fetches may do nothing', () => {
  const pod = prepullSpec([foundation('python', 'ab')], 'localhost:30500', 'dragoman-nodes').spec!.template.spec!

  expect(pod).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } })
  for (const { securityContext, resources } of [...pod.containers, ...(pod.initContainers ?? [])]) {
    expect(securityContext).toMatchObject({ allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } })
    expect(resources?.limits).toBeDefined()
  }
})

test('without images there is nothing to say', () => {
  expect(() => prepullSpec([], 'localhost:30500', 'dragoman-nodes')).toThrow('there are none')
})
