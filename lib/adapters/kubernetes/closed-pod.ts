import type { V1PodSpec } from '@kubernetes/client-node'

/** Refuses at once whatever asks it for a name; a pod must have some server of names. */
const NO_NAMES = '127.0.0.1'

/** What each pod of ours keeps from the programs in it: an account, services, names, and a second life. */
export const CLOSED_POD = {
  restartPolicy: 'Never',
  automountServiceAccountToken: false,
  enableServiceLinks: false,
  hostname: 'dragoman',
  dnsPolicy: 'None',
  dnsConfig: { nameservers: [NO_NAMES] },
} satisfies Partial<V1PodSpec>
