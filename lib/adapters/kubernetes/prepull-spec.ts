import type { V1Container, V1DaemonSet } from '@kubernetes/client-node'

import type { Foundation } from '#lib/domain/foundation.ts'

import { LABEL, PART_OF } from './pod-names.ts'
import { imageOf } from './pod-spec.ts'

const NAME = 'prepull'
/** Enough for a program that ends, or sleeps. */
const RESOURCES = { requests: { cpu: '1m', memory: '8Mi' }, limits: { cpu: '100m', memory: '32Mi', 'ephemeral-storage': '1Mi' } }

/**
 * Has every node fetch the images, one after another, the first ones first; they stay for as long as the set does. Throws
 * without any.
 */
export function prepullSpec(foundations: readonly Foundation[], registry: string, namespace: string): V1DaemonSet {
  const [first] = foundations
  if (!first) throw new Error('Cannot have nodes fetch images: there are none')
  const selector = { 'app.kubernetes.io/name': NAME }
  return {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: NAME, namespace, labels: { ...selector, [LABEL.partOf]: PART_OF } },
    spec: {
      selector: { matchLabels: selector },
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '100%' } },
      template: {
        metadata: { labels: { ...selector, [LABEL.partOf]: PART_OF } },
        spec: {
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 0,
          tolerations: [{ operator: 'Exists' }],
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 65_534,
            runAsGroup: 65_534,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          initContainers: foundations.map((each, n) => container(`fetch-${n}`, imageOf(each, registry), ['true'])),
          // Something has to be running; it is the system of an image that is there by now.
          containers: [container('stay', imageOf(first, registry), ['sleep', 'infinity'])],
        },
      },
    },
  }
}

const container = (name: string, image: string, command: string[]): V1Container => ({
  ...{ name, image, command, resources: RESOURCES },
  imagePullPolicy: 'IfNotPresent',
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
})
