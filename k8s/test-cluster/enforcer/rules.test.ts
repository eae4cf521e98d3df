import { expect, test } from 'vitest'

import { type Peer, type Pod, type Policy, selects } from './objects.ts'
import { rules, UNENFORCED_LABEL } from './rules.ts'

const pod = (name: string, podIP: string, labels = {}, namespace = 'here', phase = 'Running'): Pod => ({
  metadata: { name, namespace, labels, uid: name },
  spec: {},
  status: { podIP, phase },
})
const namespace = (name: string, labels = {}) => ({ metadata: { name, labels } })
const policy = (spec: Policy['spec']): Policy => ({ metadata: { name: 'p', namespace: 'here' }, spec })
const denied = policy({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
const egressTo = (...to: Peer[]) => policy({ podSelector: {}, policyTypes: ['Egress'], egress: [{ to }] })

/** The rules of one pod `a` beside `b`, without what is always there. */
const rulesWith = (policies: Policy[], labels = {}) =>
  rules({
    pods: [pod('a', '10.244.0.2', { app: 'a' }), pod('b', '10.244.0.3', { app: 'b' }, 'there')],
    namespaces: [namespace('here', labels), namespace('there', { team: 'x' })],
    policies,
  })
    .split('\n')
    .filter((line) => /^-A TEST-POLICY-(?:IN|OUT) .*10\.244\.0\.2\/32/.test(line))
    .map((line) => line.replace('-A TEST-POLICY-', ''))

test('a pod without a policy is free, and one that is denied all is shut both ways', () => {
  expect(rulesWith([])).toEqual(['OUT -s 10.244.0.2/32 -j RETURN'])
  expect(rulesWith([denied])).toEqual(['OUT -s 10.244.0.2/32 -j DROP', 'IN -d 10.244.0.2/32 -j DROP'])
})

test('peers and ports are let pass, each with each', () => {
  const peer = { namespaceSelector: { matchLabels: { team: 'x' } }, podSelector: { matchLabels: { app: 'b' } } }
  const ports = [{ port: 7117 }, { protocol: 'UDP', port: 53 }]
  expect(rulesWith([denied, policy({ podSelector: {}, ingress: [{ from: [peer], ports }] })])).toEqual([
    'OUT -s 10.244.0.2/32 -j DROP',
    'IN -d 10.244.0.2/32 -s 10.244.0.3/32 -p tcp --dport 7117 -j RETURN',
    'IN -d 10.244.0.2/32 -s 10.244.0.3/32 -p udp --dport 53 -j RETURN',
    'IN -d 10.244.0.2/32 -j DROP',
  ])
})

test('a block without the blocks in it is the ranges between them', () => {
  const ipBlock = { cidr: '0.0.0.0/0', except: ['10.0.0.0/8', '0.0.0.0/8', '255.0.0.0/8', 'fe80::/10'] }
  expect(rulesWith([egressTo({ ipBlock })])).toEqual([
    'OUT -s 10.244.0.2/32 -m iprange --dst-range 1.0.0.0-9.255.255.255 -j RETURN',
    'OUT -s 10.244.0.2/32 -m iprange --dst-range 11.0.0.0-254.255.255.255 -j RETURN',
    'OUT -s 10.244.0.2/32 -j DROP',
  ])
  expect(rulesWith([egressTo({ ipBlock: { cidr: '192.0.2.0/24' } })])[0]).toBe('OUT -s 10.244.0.2/32 -d 192.0.2.0/24 -j RETURN')
})

test('a peer or port that is not understood lets nothing pass', () => {
  expect(rulesWith([egressTo({ ipBlock: { cidr: '2001:db8::/32' } })])).toEqual(['OUT -s 10.244.0.2/32 -j DROP'])
  const named = policy({ podSelector: {}, policyTypes: ['Egress'], egress: [{ ports: [{ port: 'http' }] }] })
  expect(rulesWith([named])).toEqual(['OUT -s 10.244.0.2/32 -j DROP'])
})

test('the last word is a drop for addresses of pods that are not known, and ended pods are not known', () => {
  const text = rules({ pods: [pod('a', '10.244.0.2', {}, 'here', 'Succeeded')], namespaces: [namespace('here')], policies: [] })
  expect(text).not.toContain('10.244.0.2')
  expect(text).toContain('-A TEST-POLICY-OUT -j DROP\n')
})

test('a namespace may be told to be as on a cluster that enforces nothing', () => {
  expect(rulesWith([denied], { [UNENFORCED_LABEL]: 'true' })).toEqual(['OUT -s 10.244.0.2/32 -j RETURN'])
})

test.each([
  [{}, true],
  [{ matchLabels: { a: '1' } }, true],
  [{ matchLabels: { a: '2' } }, false],
  [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['1', '2'] }] }, true],
  [{ matchExpressions: [{ key: 'b', operator: 'In', values: ['1'] }] }, false],
  [{ matchExpressions: [{ key: 'b', operator: 'NotIn', values: ['1'] }] }, true],
  [{ matchExpressions: [{ key: 'a', operator: 'NotIn', values: ['1'] }] }, false],
  [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, true],
  [{ matchExpressions: [{ key: 'a', operator: 'DoesNotExist' }] }, false],
])('%j selects a=1: %s', (selector, isSelected) => {
  expect(selects(selector, { a: '1' })).toBe(isSelected)
})
