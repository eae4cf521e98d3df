/** What the enforcer reads of Kubernetes' objects; the caller takes them from the API server, which has checked them. */

export type Labels = Readonly<Record<string, string>>
type Requirement = { readonly key: string; readonly operator: string; readonly values?: readonly string[] }
export type Selector = { readonly matchLabels?: Labels; readonly matchExpressions?: readonly Requirement[] }

export type Port = { readonly protocol?: string; readonly port?: number | string; readonly endPort?: number }
export type Peer = {
  readonly podSelector?: Selector
  readonly namespaceSelector?: Selector
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] }
}
type Meta = { readonly name: string; readonly namespace: string; readonly labels?: Labels }

export type Pod = {
  readonly metadata: Meta & { readonly uid: string }
  readonly spec: { readonly hostNetwork?: boolean }
  readonly status?: { readonly podIP?: string; readonly phase?: string }
}
export type Namespace = { readonly metadata: Omit<Meta, 'namespace'> }
export type Policy = {
  readonly metadata: Meta
  readonly spec: {
    readonly podSelector: Selector
    readonly policyTypes?: readonly string[]
    readonly ingress?: readonly { readonly from?: readonly Peer[]; readonly ports?: readonly Port[] }[]
    readonly egress?: readonly { readonly to?: readonly Peer[]; readonly ports?: readonly Port[] }[]
  }
}

/** All that rules are made of, at one moment. */
export type View = {
  readonly pods: readonly Pod[]
  readonly namespaces: readonly Namespace[]
  readonly policies: readonly Policy[]
}

/** Whether the labels are among those that it selects. An empty one selects everything. */
export function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels = {}): boolean {
  const isAsTold = ({ key, operator, values = [] }: Requirement) => {
    const value = labels[key]
    switch (operator) {
      case 'In':
        return value !== undefined && values.includes(value)
      case 'NotIn':
        return value === undefined || !values.includes(value)
      case 'Exists':
        return value !== undefined
      default:
        return value === undefined // DoesNotExist, the only other that the API server lets pass
    }
  }
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value) && matchExpressions.every(isAsTold)
}
