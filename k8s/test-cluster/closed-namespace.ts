import { apply } from './kubectl.ts'
import { ownNamespace, type OwnNamespace } from './own-namespace.ts'

/** One whose pods nobody reaches and that reach nobody, as those of sessions and builds are installed. */
export async function closedNamespace(name: string): Promise<OwnNamespace> {
  const namespace = await ownNamespace(name)
  await apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'default-deny', namespace: namespace.name },
    spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
  })
  return namespace
}
