import { PODS_CIDR } from '../places.ts'
import { type Peer, type Pod, type Policy, type Port, selects, type View } from './objects.ts'

/** A namespace with this label has its policies accepted and not enforced, as on a cluster without an engine for them. */
export const UNENFORCED_LABEL = 'dragoman.dev/unenforced'

/** Not the filter table, whose first places other parts take; like it, it is passed after a service's address became a pod's. */
export const TABLE = 'mangle'
/** Entered by what pods send, to each other or away (FORWARD) or to this machine (INPUT). */
export const ENTRY = 'TEST-POLICY'
const OUT = 'TEST-POLICY-OUT'
const IN = 'TEST-POLICY-IN'

/**
 * The rules, as `iptables-restore` takes them in one step. A packet of a known connection passes; a new one has to be let out by
 * where it comes from and let in by where it goes to. What comes from an address of pods that no known pod has is dropped: a pod must not
 * be free in its first moment.
 */
export function rules(view: View): string {
  const pods = view.pods.filter(hasAddress)
  const lines = [
    `*${TABLE}`,
    ...[ENTRY, OUT, IN].map((chain) => `:${chain} - [0:0]`),
    `-A ${ENTRY} -m conntrack --ctstate ESTABLISHED,RELATED -j RETURN`,
    `-A ${ENTRY} -s ${PODS_CIDR} -j ${OUT}`,
    `-A ${ENTRY} -d ${PODS_CIDR} -j ${IN}`,
    ...pods.flatMap((pod) => outOf(pod, view)),
    `-A ${OUT} -j DROP`,
    ...pods.flatMap((pod) => into(pod, view)),
    'COMMIT',
  ]
  return `${lines.join('\n')}\n`
}

/** A pod that has ended keeps its address in the API, while another may have it already. */
const hasAddress = ({ spec, status }: Pod) =>
  status?.podIP !== undefined && !spec.hostNetwork && status.phase !== 'Succeeded' && status.phase !== 'Failed'

function outOf(pod: Pod, view: View): string[] {
  const from = `-A ${OUT} -s ${address(pod)}`
  const policies = policiesOf(pod, 'Egress', view)
  if (policies.length === 0) return [`${from} -j RETURN`]
  const allowed = policies.flatMap(({ metadata, spec }) =>
    (spec.egress ?? []).flatMap(({ to, ports }) => matches(to, ports, '-d', metadata.namespace, view)),
  )
  return [...allowed.map((match) => `${from}${match} -j RETURN`), `${from} -j DROP`]
}

function into(pod: Pod, view: View): string[] {
  const to = `-A ${IN} -d ${address(pod)}`
  const policies = policiesOf(pod, 'Ingress', view)
  if (policies.length === 0) return []
  const allowed = policies.flatMap(({ metadata, spec }) =>
    (spec.ingress ?? []).flatMap(({ from, ports }) => matches(from, ports, '-s', metadata.namespace, view)),
  )
  return [...allowed.map((match) => `${to}${match} -j RETURN`), `${to} -j DROP`]
}

/** Those that say anything of this direction for this pod: with none it is free, with any only what one of them allows passes. */
function policiesOf({ metadata }: Pod, type: 'Ingress' | 'Egress', { policies, namespaces }: View): readonly Policy[] {
  const home = namespaces.find(({ metadata: { name } }) => name === metadata.namespace)
  if (home?.metadata.labels?.[UNENFORCED_LABEL] !== undefined) return []
  return policies.filter(
    (policy) =>
      policy.metadata.namespace === metadata.namespace &&
      selects(policy.spec.podSelector, metadata.labels) &&
      typesOf(policy).includes(type),
  )
}

/** As the API's words have it: ingress always, egress when there are rules for it, unless it is said. */
const typesOf = ({ spec }: Policy) => spec.policyTypes ?? ['Ingress', ...(spec.egress ? ['Egress'] : [])]

/** Each peer with each port; without peers anybody, without ports any. */
function matches(
  peers: readonly Peer[] | undefined,
  ports: readonly Port[] | undefined,
  side: '-s' | '-d',
  namespace: string,
  view: View,
): string[] {
  const ends = peers?.length ? peers.flatMap((peer) => endsOf(peer, side, namespace, view)) : ['']
  return ends.flatMap((end) => (ports?.length ? ports.flatMap(portOf) : ['']).map((port) => `${end}${port}`))
}

function endsOf({ ipBlock, podSelector, namespaceSelector }: Peer, side: '-s' | '-d', namespace: string, view: View): string[] {
  if (ipBlock) {
    if (ipBlock.cidr.includes(':')) return [] // pods have no IPv6 here
    const except = (ipBlock.except ?? []).filter((cidr) => !cidr.includes(':'))
    // iptables takes one address a rule, and each `!` must hold: ranges say more at once.
    return except.length === 0
      ? [` ${side} ${ipBlock.cidr}`]
      : gaps(ipBlock.cidr, except).map((range) => ` -m iprange ${flag(side)} ${range}`)
  }
  const homes = view.namespaces
    .filter(({ metadata }) => (namespaceSelector ? selects(namespaceSelector, metadata.labels) : metadata.name === namespace))
    .map(({ metadata }) => metadata.name)
  return view.pods
    .filter((pod) => hasAddress(pod) && homes.includes(pod.metadata.namespace) && selects(podSelector ?? {}, pod.metadata.labels))
    .map((pod) => ` ${side} ${address(pod)}`)
}

const address = ({ status }: Pod) => `${status?.podIP}/32`
const flag = (side: '-s' | '-d') => (side === '-s' ? '--src-range' : '--dst-range')

/** A port by name would need the containers' words; nothing here is named, and what is not understood lets nothing pass. */
function portOf({ protocol = 'TCP', port, endPort }: Port): string[] {
  const name = protocol.toLowerCase()
  if (port === undefined) return [` -p ${name}`]
  if (typeof port === 'string') return []
  return [` -p ${name} --dport ${port}${endPort ? `:${endPort}` : ''}`]
}

type Range = readonly [first: number, last: number]

/** What is left of a block without some blocks in it, as ranges from address to address. */
function gaps(cidr: string, except: readonly string[]): string[] {
  let left: readonly Range[] = [rangeOf(cidr)]
  for (const [first, last] of except.map(rangeOf)) {
    left = left.flatMap(([from, to]): readonly Range[] => {
      if (last < from || to < first) return [[from, to]]
      const pieces: readonly Range[] = [
        [from, first - 1],
        [last + 1, to],
      ]
      return pieces.filter(([begin, end]) => begin <= end)
    })
  }
  return left.map(([from, to]) => `${dotted(from)}-${dotted(to)}`)
}

function rangeOf(cidr: string): Range {
  const [base = '', bits = '32'] = cidr.split('/')
  const size = 2 ** (32 - Number(bits))
  const number = base.split('.').reduce((all, part) => all * 256 + Number(part), 0)
  const first = number - (number % size)
  return [first, first + size - 1]
}

const dotted = (number: number) => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.')
