import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'

import { API_VERBS } from '#lib/adapters/kubernetes/api.ts'
import { type Option, OPTIONS } from '#lib/config/table.ts'
import { LIMITS_MAX } from '#lib/domain/limits.ts'
import { headLine, type Overlay, OVERLAYS, renderedPath } from '../k8s/render.ts'
import packageFile from '../package.json' with { type: 'json' }

type Container = {
  readonly name: string
  readonly image: string
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly resources?: { readonly requests?: object; readonly limits?: { readonly memory?: string } }
}
type PodSpec = {
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly hostNetwork?: boolean
  readonly automountServiceAccountToken?: boolean
  readonly volumes?: readonly { readonly hostPath?: { readonly path: string } }[]
}
type Manifest = {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> }
  readonly data?: Readonly<Record<string, string>>
  readonly spec?: { readonly template?: { readonly spec: PodSpec } }
}

const rendered = Object.fromEntries(OVERLAYS.map((overlay) => [overlay, manifestsOf(overlay)]))

function manifestsOf(overlay: Overlay): readonly Manifest[] {
  return parseAllDocuments(readFileSync(renderedPath(overlay), 'utf8')).map((document) => document.toJS() as Manifest)
}

test.each(OVERLAYS)('k8s/rendered/%s.yaml is the one that `node k8s/render.ts` makes of the files as they are', (overlay) => {
  expect(readFileSync(renderedPath(overlay), 'utf8').split('\n')[0]).toBe(headLine())
})

const workloads = (overlay: string) =>
  (rendered[overlay] ?? []).flatMap(({ kind, metadata, spec }) =>
    spec?.template ? [{ name: `${kind} ${metadata.namespace}/${metadata.name}`, metadata, pod: spec.template.spec }] : [],
  )
const containers = (pod: PodSpec) => [...pod.containers, ...(pod.initContainers ?? [])]

test.each(OVERLAYS)('%s runs the server of this version, and migrates to its tables', (overlay) => {
  const images = workloads(overlay).flatMap(({ pod }) => containers(pod).map(({ image }) => image))
  const ours = images.filter((image) => image.includes('dragoman/server'))
  expect(ours.length).toBeGreaterThanOrEqual(overlay === 'production-restricted' ? 3 : 4) // it has no agent cache
  expect(ours.filter((image) => !image.endsWith(`/dragoman/server:${packageFile.version}`))).toEqual([])
  expect(workloads(overlay).map(({ metadata }) => metadata.name)).toContain(`dragoman-migrate-${packageFile.version}`)
})

test.each(OVERLAYS)('%s sets no option that there is not, and each to what it may be', (overlay) => {
  const options = new Map(Object.values<Option<unknown>>(OPTIONS).map((option) => [option.env, option]))
  const data = (rendered[overlay] ?? []).flatMap((each) =>
    each.kind === 'ConfigMap' && each.metadata.name.startsWith('dragoman') ? Object.entries(each.data ?? {}) : [],
  )
  expect(data.length).toBeGreaterThan(5)
  for (const [name, value] of data) {
    const option = options.get(name)
    if (!option) throw new Error(`${name} is no option`)
    expect(option.kind.schema.safeParse(value).success, `${name}=${value}`).toBe(true)
  }
})

test.each(OVERLAYS)('%s gives no container more than it needs', (overlay) => {
  const lax = workloads(overlay).flatMap(({ name, pod }) =>
    containers(pod).flatMap((container) => {
      const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext ?? {}
      const isConfined = allowPrivilegeEscalation === false && readOnlyRootFilesystem === true
      const dropsAll = JSON.stringify(capabilities) === '{"drop":["ALL"]}'
      const isLimited = container.resources?.requests !== undefined && container.resources.limits?.memory !== undefined
      return isConfined && dropsAll && isLimited ? [] : [`${name} ${container.name}`]
    }),
  )
  expect(lax).toEqual([])
})

test.each(OVERLAYS)('%s lets only what looks after nodes have folders of theirs', (overlay) => {
  const withFolders = workloads(overlay).filter(({ pod }) => pod.volumes?.some(({ hostPath }) => hostPath))
  const bound = overlay === 'production-restricted' ? [] : ['DaemonSet dragoman-nodes/agent-cache']
  expect(withFolders.map(({ name }) => name)).toEqual(bound)
  expect(workloads(overlay).filter(({ pod }) => pod.hostNetwork)).toEqual([])
})

/** See lib/adapters/kubernetes/pod-security.test.ts for what pods keep. */
test.each(OVERLAYS)('%s holds pods of sessions to the restricted profile, or has a policy that stands in for it', (overlay) => {
  const all = rendered[overlay] ?? []
  const enforced = (name: string) =>
    all.find(({ kind, metadata }) => kind === 'Namespace' && metadata.name === name)?.metadata.labels?.[
      'pod-security.kubernetes.io/enforce'
    ]
  const isStandIn = all.some(({ kind }) => kind === 'ValidatingAdmissionPolicy')
  const options = all.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'dragoman')?.data
  const isRestricted = overlay === 'production-restricted'

  expect(enforced('dragoman-sessions')).toBe(isRestricted ? 'restricted' : 'privileged')
  expect(options?.['DRAGOMAN_AGENT_VOLUME']).toBe(isRestricted ? 'image' : undefined)
  expect(isStandIn).toBe(overlay !== 'test') // which has an API server from before there were such policies
  expect([enforced('dragoman'), enforced('dragoman-builds')]).toEqual(['restricted', 'baseline'])
})

test.each(OVERLAYS)('%s gives the API’s token to those who have something to ask it', (overlay) => {
  const withToken = workloads(overlay).filter(({ pod }) => pod.automountServiceAccountToken !== false)
  const bound =
    overlay === 'k3s' || overlay === 'test'
      ? ['Deployment dragoman/dragoman', 'Job dragoman/first-secrets']
      : ['Deployment dragoman/dragoman']
  expect(withToken.map(({ name }) => name).toSorted()).toEqual(bound)
})

test('servers may ask of the cluster exactly what their code asks', () => {
  type Role = Manifest & {
    readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[]
  }
  const roles = (rendered['production'] ?? []).filter(({ kind }) => kind.endsWith('Role')) as readonly Role[]
  const granted = roles.map(({ metadata, rules }) => [
    metadata.namespace,
    Object.fromEntries(rules.flatMap(({ resources, verbs }) => resources.map((resource) => [resource, verbs]))),
  ])

  expect(granted.toSorted()).toEqual([
    // A build's pod is asked for by its name, and never changed; what is said of it is for the build's log.
    [
      'dragoman-builds',
      { pods: ['create', 'delete', 'get', 'list'] satisfies (typeof API_VERBS.pods)[number][], events: API_VERBS.events },
    ],
    ['dragoman-sessions', { pods: API_VERBS.pods, 'pods/resize': API_VERBS['pods/resize'] }],
  ])
})

test.each(OVERLAYS)('%s lets a pod of a session have what a language’s file may ask for, and no more', (overlay) => {
  type Range = Manifest & { readonly spec: { readonly limits: readonly { readonly max: Readonly<Record<string, string>> }[] } }
  const ranges = (rendered[overlay] ?? []).filter(({ kind }) => kind === 'LimitRange') as readonly Range[]
  const found = ranges.find(({ metadata }) => metadata.namespace === 'dragoman-sessions')
  expect(found?.spec.limits.map(({ max }) => max)).toMatchObject([
    { cpu: `${LIMITS_MAX.cpus}`, memory: `${LIMITS_MAX.memoryBytes / 1024 ** 3}Gi` },
  ])
})

test('a fresh node’s set-up is one that cloud-init and k3s can read', () => {
  type CloudInit = {
    readonly write_files: readonly { readonly path: string; readonly content: string }[]
    readonly runcmd: readonly string[]
  }
  const text = readFileSync('k8s/nodes/cloud-init.yaml', 'utf8')
  expect(text.split('\n')[0]).toBe('#cloud-config')
  const { write_files, runcmd } = parse(text) as CloudInit
  const k3s = parse(write_files.find(({ path }) => path === '/etc/rancher/k3s/config.yaml')?.content ?? '') as object
  expect(k3s).toMatchObject({ 'secrets-encryption': true, 'kubelet-arg': expect.arrayContaining(['pod-max-pids=512']) })
  // A shell takes each of the commands.
  for (const command of runcmd) expect(spawnSync('sh', ['-n', '-c', command]).status, command).toBe(0)
})

test('no manifest holds a secret', () => {
  expect(Object.values(rendered).flatMap((all) => all.filter(({ kind }) => kind === 'Secret'))).toEqual([])
})

test('what servers take from Secrets is told to operators', () => {
  const page = readFileSync('docs/operate.md', 'utf8')
  for (const name of [
    'dragoman-database',
    'dragoman-bucket',
    'dragoman-bucket-reader',
    'dragoman-registry',
    'registry-bucket',
    'dragoman-tls',
  ])
    expect(page).toContain(`\`${name}\``)
})
