import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { ociRecipes } from '#lib/adapters/oci-runtime/recipes.ts'
import { buildImage } from '#lib/application/images/build-image.ts'
import { buildPackage } from '#lib/application/images/build-package.ts'
import { machineWorkplaces } from '#lib/application/images/machine-workplaces.ts'
import type { Images } from '#lib/application/ports/images.ts'
import { python } from '#lib/application/ports/images.contract.ts'
import type { Workplace, Workplaces } from '#lib/application/ports/workplaces.ts'
import type { AttemptKey } from '#lib/domain/build.ts'
import type { Digest } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'

import { apply, kubectl, kubectlJson } from '../../../../k8s/test-cluster/kubectl.ts'
import { API_SERVICE_ADDRESS, NODE } from '../../../../k8s/test-cluster/places.ts'
import { clock, LIMITS, podBuilds } from './pod-builds.contract.ts'

type World = Awaited<ReturnType<typeof podBuilds>>
let world: World
const cuts = new AsyncDisposableStack()
const registry = createServer((request, response) => void response.end(`asked for ${request.url}\n`))

beforeAll(async () => {
  await once(registry.listen(0, '127.0.0.1'), 'listening')
  world = await podBuilds({ pip: [`http://127.0.0.1:${(registry.address() as AddressInfo).port}/simple/`] })
})
afterAll(async () => {
  registry.close()
  await cuts.disposeAsync()
  await world?.close()
})

const MIB = 1024 * 1024
const exec = promisify(execFile)
const { signal } = new AbortController()
const attempt = (number: number): AttemptKey => ({ build: 'b0123456789abcdef' as BuildId, step: 'package', number })

/** A workplace that came to be, and what is said in it. */
async function place(more: Parameters<World['begin']>[0] = {}) {
  const { begun, log, said } = await world.begin(more)
  if (!begun.ok) throw new Error(JSON.stringify(begun.error))
  const run = (script: string, over: Partial<Parameters<Workplace['run']>[0]> = {}) =>
    begun.value.run({ script, limits: LIMITS, signal, log, ...over })
  return { ...begun.value, run, said, [Symbol.asyncDispose]: () => begun.value.remove() }
}

test('a pod of a build has no account, path, device or right of its node, and reaches its registries alone', async () => {
  await using pod = await place()
  const last = () => pod.said().trim().split('\n').at(-1)
  const reach = (host: string, port: number) =>
    `timeout 2 bash -c 'exec 3<>/dev/tcp/${host}/${port}' 2>/dev/null && echo ${host}:${port} open || echo ${host}:${port} shut\n`
  await pod.run(reach(API_SERVICE_ADDRESS, 443)) // open, so that what follows can fail
  expect(last()).toBe(`${API_SERVICE_ADDRESS}:443 open`)

  await apply({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'no-way-out', namespace: world.namespace },
    spec: { podSelector: {}, policyTypes: ['Egress'], egress: [] },
  })
  await expect.poll(async () => (await pod.run(reach(API_SERVICE_ADDRESS, 443)), last())).toBe(`${API_SERVICE_ADDRESS}:443 shut`)
  const others = [
    [NODE.address, 6443],
    [NODE.address, 5000],
    ['169.254.169.254', 80],
  ] as const
  await pod.run(`${others.map(([host, port]) => `(${reach(host, port).trim()}) &\n`).join('')}wait\n`)
  expect(pod.said().trim().split('\n').slice(-others.length).sort()).toEqual(
    others.map(([host, port]) => `${host}:${port} shut`).sort(),
  )

  // What it may ask, it asks through the server, and nobody else by that way.
  const ask = `exec 3<>/dev/tcp/127.0.0.1/3128; printf "GET %s HTTP/1.0\\r\\n\\r\\n" "$0" >&3; cat <&3`
  const asks = `bash -c '${ask}' "\${PIP_INDEX_URL}x/"\nbash -c '${ask}' http://${NODE.address}:6443/\n`
  expect(await pod.run(asks, { registries: ['pip'] })).toEqual({ ok: true, value: undefined })
  expect(pod.said()).toContain('asked for /simple/x/\n')
  expect(pod.said()).toContain('403 Forbidden')

  const tokens = 'ls -d /var/run/secrets /run/secrets 2>/dev/null || echo no account'
  await pod.run(
    `${tokens}\ngrep -E '^(CapEff|NoNewPrivs|Seccomp):' /proc/self/status\nls /dev | grep -E 'sd|vd|nvme|kvm|mem' || echo no device\n`,
  )
  // CHOWN DAC_OVERRIDE FOWNER FSETID KILL SETGID SETUID
  expect(pod.said()).toContain('no account\nCapEff:\t00000000000000fb\nNoNewPrivs:\t1\nSeccomp:\t2\nno device\n')
  const [spec] = (await world.pods()).map((each) => each.spec)
  expect(spec?.volumes?.every(({ emptyDir }) => emptyDir !== undefined)).toBe(true)
})

test("whatever ends a pod is the machinery's fault, in words, and leaves no pod", async () => {
  const ended = async (
    number: number,
    limits: { readonly memoryBytes: number; readonly diskBytes?: number },
    script: string,
    end?: (name: string) => Promise<unknown>,
  ) => {
    await using pod = await place({ attempt: attempt(number), limits: { ...LIMITS, ...limits } })
    const running = pod.run(`echo here; ${script}`)
    await expect.poll(() => pod.said()).toContain('here\n')
    await end?.(`b0123456789abcdef-package-${number}`)
    return { ran: await running, said: pod.said() }
  }
  const evictBy = (version: string, name: string) => {
    const body = { apiVersion: version, kind: 'Eviction', metadata: { name, namespace: world.namespace } }
    const path = `/api/v1/namespaces/${world.namespace}/pods/${name}/eviction`
    return kubectl(['create', '--raw', path, '-f', '-'], JSON.stringify(body))
  }
  /** As a node that is gone would: nothing comes back, and no word that it will not. */
  const cut = async (name: string) => {
    const { status } = await kubectlJson<{ status: { podIP: string } }>(['get', 'pod', name, '-n', world.namespace])
    const rule = (how: '-I' | '-D') => exec('iptables', ['-w', how, 'INPUT', '-s', status.podIP, '-j', 'DROP'])
    await rule('-I')
    cuts.defer(async () => void (await rule('-D')))
  }
  const evict = (name: string) => evictBy('policy/v1', name).catch(() => evictBy('policy/v1beta1', name)) // of before 1.22
  world.runner.fail = `sha256:${'0'.repeat(64)}` as Digest
  const absent = world.begin({ attempt: attempt(4) })
  await expect.poll(world.pods).toHaveLength(1)
  world.runner.fail = undefined
  const small = { memoryBytes: 128 * MIB }
  const [greedy, deleted, evicted, filled, gone, full] = await Promise.all([
    ended(1, { memoryBytes: 192 * MIB }, 'tail /dev/zero'),
    ended(2, small, 'sleep 100', (name) =>
      kubectl(['delete', 'pod', name, '-n', world.namespace, '--grace-period=0', '--force']),
    ),
    ended(3, small, 'sleep 100', evict),
    ended(7, { ...small, diskBytes: 32 * MIB }, 'head -c 64M /dev/zero >/var/tmp/much; sleep 100'),
    ended(8, small, 'sleep 100', cut),
    world.begin({ limits: { ...LIMITS, memoryBytes: 1024 ** 5 }, signal: AbortSignal.timeout(3000) }).catch(String),
  ])

  const lost = ({ ran, said }: Awaited<ReturnType<typeof ended>>, why: RegExp) => {
    expect(ran).toMatchObject({ error: { code: 'infra', placeLost: true, why: expect.stringMatching(why) as string } })
    expect(said).toMatch(why)
  }
  lost(greedy, /It had no memory left/)
  lost(deleted, /deleted/)
  lost(evicted, /deleted|Evicted/)
  lost(filled, /Evicted: .*ephemeral/)
  expect(filled.said).toMatch(/^The cluster: Evicted: /m)
  lost(gone, /it does not answer/)
  expect(full).toContain('TimeoutError') // it waited for a node with so much room, and was told to stop
  const { begun, said } = await absent
  expect(begun).toMatchObject({
    error: {
      code: 'infra',
      placeLost: true,
      why: expect.stringMatching(/cannot start: (ErrImagePull|ImagePullBackOff)/) as string,
    },
  })
  expect(said()).toContain('Waiting: ErrImagePull')
  expect(said()).toMatch(/^The cluster: Failed: .*0000/m)
  await expect.poll(world.pods).toEqual([])
})

test('what a server left is swept, unless its attempt is still at work', async () => {
  const [live, left] = [await place({ attempt: attempt(5) }), await place({ attempt: attempt(6) })]
  expect(await world.workplaces.sweep(async () => [attempt(5), attempt(6)])).toBe(0)
  expect(await world.workplaces.sweep(async () => [attempt(5)])).toBe(1)
  await expect
    .poll(async () => (await world.pods()).map(({ metadata }) => metadata?.name))
    .toEqual(['b0123456789abcdef-package-5'])
  expect(await live.run('true')).toEqual({ ok: true, value: undefined })
  await Promise.all([live.remove(), left.remove()])
})

test('a script that is told to stop, or takes too long, ends with its pod', async () => {
  const stop = new AbortController()
  const pod = await place()
  expect(await pod.run('sleep 100', { limits: { ...LIMITS, timeMs: 1000 } })).toEqual({ ok: false, error: { code: 'timeout' } })
  const running = pod.run('sleep 100', { signal: stop.signal })
  stop.abort(new Error('told to stop'))
  await expect(running).rejects.toThrow('told to stop')
  await pod.remove()
  await expect.poll(world.pods).toEqual([])
})

/** A package with content of its own and Debian's, and the image of it. */
async function build(workplaces: Workplaces, images: Images) {
  let log = ''
  const say = (text: string) => void (log += text)
  const deps = { ...world.parts, images, workplaces }
  const install = {
    apt: ['dc'],
    manual:
      'mkdir -p "$pkg/usr/bin" && echo "#!/bin/sh" > "$pkg/usr/bin/two" && chmod 755 "$pkg/usr/bin/two" && ln -s two "$pkg/usr/bin/too"',
  }
  const how = { base: world.base, limits: LIMITS, signal, log: say }
  const deb = await buildPackage(deps, { ...how, lang: 'mine' as LangId, config: { install } })
  if (!deb.ok) throw new Error(`${JSON.stringify(deb.error)}\n${log}`)
  const image = await buildImage(deps, {
    ...how,
    to: python,
    deb: deb.value,
    recipe: 'rm /etc/issue.net; mkdir -p /srv/x; ln /etc/issue /srv/x/issue',
  })
  await deb.value.remove()
  if (!image.ok) throw new Error(`${JSON.stringify(image.error)}\n${log}`)
  return { deb: deb.value.digest, image: image.value.digest, packages: image.value.packages }
}

test('a language is built to the same package and the same image as on a machine, byte for byte', async () => {
  const { stdout } = await exec('sh', ['-c', 'command -v runc'])
  const options = { instance: `pod-builds${process.pid}`, workDir: join(world.folder, 'work'), firstId: 2_100_200_000 }
  const recipes = await ociRecipes({ ...options, runtimePath: stdout.trim(), memoryBytes: LIMITS.memoryBytes })
  const machine = machineWorkplaces({ layers: world.parts.layers, recipes, clock })
  const [inPods, here] = await Promise.all([build(world.workplaces, world.images), build(machine, world.layout)])
  await recipes.close()

  expect(inPods.packages).toHaveProperty('dc')
  expect(inPods).toEqual(here)
  expect({ pods: await world.pods(), files: world.files() }).toEqual({ pods: [], files: [] })
})
