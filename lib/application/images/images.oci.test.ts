import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { aptPackages } from '#lib/adapters/debian/apt-packages.ts'
import { mmdebstrapRoots } from '#lib/adapters/debian/base-roots.ts'
import { ociRecipes } from '#lib/adapters/oci-runtime/recipes.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { registryImages } from '#lib/adapters/registry/images.ts'
import { startRegistry } from '#lib/adapters/registry/testing/registry.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { python as lang } from '#lib/application/ports/images.contract.ts'
import type { BlobSource, Images } from '#lib/application/ports/images.ts'
import type { Recipes } from '#lib/application/ports/recipes.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import { buildBase, type BuiltBase } from './build-base.ts'
import { type BuildImage, buildImage } from './build-image.ts'
import { machineWorkplaces } from './machine-workplaces.ts'
import { storedImage } from './stored-layers.ts'

const BUILD_MS_MAX = 8 * 60_000
const run = promisify(execFile)
const GIB = 1024 ** 3
const clock = { today: () => new Date() }

let folder: string
/** In memory: the same recipe runs many times. */
let quick: string
let registry: Awaited<ReturnType<typeof startRegistry>>
let local: Images
let [first, second]: BuiltBase[] = []
let recipes: Recipes
const traces = () => readFileSync('/proc/self/mountinfo', 'utf8')

/** Two makings that know nothing of each other: one into a folder, one into a registry. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'base-'))
  quick = mkdtempSync('/dev/shm/images-')
  registry = await startRegistry(join(folder, 'registry'))
  local = layoutImages(join(folder, 'images'), clock)
  const remote = registryImages({ url: registry.url, resumeDir: join(folder, 'resume'), clock })
  const runtimePath = (await run('sh', ['-c', 'command -v runc'])).stdout.trim()
  const ids = { firstId: 2_100_000_000, memoryBytes: 2 * GIB }
  recipes = await ociRecipes({ runtimePath, instance: 'images-test', workDir: join(quick, 'work'), ...ids })
  ;[first, second] = await Promise.all([local, remote].map(build))
}, BUILD_MS_MAX)
afterAll(async () => {
  await registry?.stop()
  await recipes?.close()
  for (const each of [folder, quick]) rmSync(each, { recursive: true, force: true })
})

async function build(images: Images): Promise<BuiltBase> {
  const workDir = join(folder, 'work')
  let log = ''
  const deps = { images, layers: tarLayers(workDir), roots: mmdebstrapRoots(workDir) }
  const built = await buildBase(deps, undefined, { signal: new AbortController().signal, log: (text) => void (log += text) })
  if (built.ok) return built.value
  throw new Error(`${JSON.stringify(built.error)}\n${log}`)
}
function base() {
  if (!first || !second) throw new Error('nothing was built')
  return { ...first, again: second }
}

describe('a base image', { timeout: BUILD_MS_MAX }, () => {
  test('is the same, bit for bit, when it is made again', () => {
    expect(base().again.digest).toBe(base().digest)
  })

  test('knows its distribution, release and packages', () => {
    const { distribution, release, packages } = base().facts
    expect(base().repository).toBe(`base/${distribution}-${release}`)
    expect(packages.length).toBeGreaterThan(50)
    expect(packages.find(({ name }) => name === 'dpkg')).toEqual({
      name: 'dpkg',
      version: expect.stringMatching(/^\d+\.\d+/),
      architecture: base().facts.architecture,
    })
  })

  test('is small, and nothing of its making is left', () => {
    expect(base().size).toBeLessThan(60_000_000)
    expect(readdirSync(join(folder, 'work'))).toEqual([])
    expect(traces()).not.toContain(folder)
  })

  test('is read by skopeo from the folder and from the registry, and copied both ways', async () => {
    const { repository, digest } = base()
    const places = [`oci:${folder}/images:${repository}:latest`, `docker://${registry.host}/${repository}:latest`]
    for (const place of places) {
      const { stdout } = await run('skopeo', ['inspect', '--tls-verify=false', place])
      expect(JSON.parse(stdout)).toMatchObject({
        Digest: digest,
        Os: 'linux',
        Labels: { 'dragoman.release': base().facts.release },
      })
    }
    const copies = [
      [places[0], `docker://${registry.host}/copy/up:1`],
      [places[1], `oci:${folder}/copy:down`],
    ] as const
    for (const [from, to] of copies) {
      await run('skopeo', ['copy', '--src-tls-verify=false', '--dest-tls-verify=false', '--insecure-policy', from ?? '', to])
      const { stdout } = await run('skopeo', ['inspect', '--tls-verify=false', to])
      expect(JSON.parse(stdout)).toMatchObject({ Digest: digest })
    }
  })

  test('is unpacked by umoci to a system that runs, without devices, rights to lend or a word of the machine', async () => {
    const bundle = join(folder, 'bundle')
    await run('umoci', ['unpack', '--image', `${folder}/images:${base().repository}:latest`, bundle])
    const root = join(bundle, 'rootfs')
    for (const empty of ['dev', 'proc', 'sys', 'tmp', 'run/dragoman']) expect(readdirSync(join(root, empty)), empty).toEqual([])
    const { stdout } = await run('chroot', [root, '/bin/sh', '-c', 'apt-get --version && id visitor'])
    expect(stdout).toMatch(/^apt \d[^]*\nuid=1000\(visitor\) gid=1000\(visitor\) groups=1000\(visitor\)\n$/)

    const { stdout: odd } = await run('find', [
      root,
      '-not',
      '-type',
      'f',
      '-not',
      '-type',
      'd',
      '-not',
      '-type',
      'l',
      '-o',
      '-type',
      'f',
      '-perm',
      '/6000',
    ])
    expect(odd).toBe('')
    expect(readlinkSync(join(root, 'bin'))).toBe('usr/bin')
    expect(lstatSync(join(root, 'home/visitor'))).toMatchObject({ uid: 1000 })
    for (const path of ['etc/hostname', 'etc/machine-id', 'etc/resolv.conf', 'etc/apt/sources.list', 'var/log/dpkg.log']) {
      expect(lstatSync(join(root, path), { throwIfNoEntry: false }), path).toBeUndefined()
    }
    rmSync(bundle, { recursive: true })
  })

  test('of a release that nobody has is refused, and leaves nothing', async () => {
    const roots = mmdebstrapRoots(join(folder, 'none'))
    const options = { signal: new AbortController().signal, log: () => undefined }
    for (const release of ['', '../etc', 'Bookworm', '-x']) {
      expect(await roots.make(release, options)).toMatchObject({ error: { code: 'unknown_release' } })
    }
    expect(await roots.make('nobody', options)).toMatchObject({ ok: false, error: { code: 'unknown_release' } })
    expect(readdirSync(join(folder, 'none'))).toEqual([])
  })

  test('that is given up leaves no process, mount or file', async () => {
    const giveUp = new AbortController()
    const roots = mmdebstrapRoots(join(folder, 'given-up'))
    const making = roots.make(undefined, { signal: giveUp.signal, log: () => giveUp.abort(new Error('given up')) })

    await expect(making).rejects.toThrow()
    expect(readdirSync(join(folder, 'given-up'))).toEqual([])
    expect(traces()).not.toContain(folder)
  })
})

describe('an image of a language', { timeout: BUILD_MS_MAX }, () => {
  async function make(build: Partial<BuildImage>, images = local) {
    const workDir = join(quick, 'work')
    let log = ''
    const layers = tarLayers(workDir)
    const workplaces = machineWorkplaces({ layers, recipes, clock })
    const deps = { images, layers, packages: aptPackages(workDir), workplaces }
    const limits = { cpus: 2, memoryBytes: GIB, processes: 512, timeMs: 240_000 }
    const signal = new AbortController().signal
    const take = (text: string) => void (log += text)
    const built = await buildImage(deps, { base: base(), to: lang, apt: [], limits, signal, log: take, ...build })
    // For the next one: what there is in archives, and the base to lay over.
    expect(readdirSync(workDir).filter((name) => name !== 'lists' && name !== 'roots')).toEqual([])
    expect(traces()).not.toContain(folder)
    return { built, log, digest: built.ok ? built.value.digest : undefined }
  }
  test('is the base and one layer of what its packages changed; the same again, here and in a registry', async () => {
    const one = await make({ apt: ['lua5.4'] })
    const remote = registryImages({ url: registry.url, resumeDir: join(folder, 'resume'), clock })
    const again = await make({ apt: ['lua5.4'] }, remote)
    expect(one.built, one.log).toMatchObject({ ok: true })
    expect(again.built, again.log).toMatchObject({ ok: true, value: { digest: one.digest } })
    // Of the base nothing is sent, also into another repository.
    expect(again.built.ok && again.built.value.sent).toBeLessThan(2_000_000)

    await run('skopeo', [
      'copy',
      '--src-tls-verify=false',
      '--insecure-policy',
      `docker://${registry.host}/${lang}@${one.digest}`,
      `oci:${folder}/lua:it`,
    ])
    await run('umoci', ['unpack', '--image', `${folder}/lua:it`, join(folder, 'lua-bundle')])
    const root = join(folder, 'lua-bundle/rootfs')
    const { stdout } = await run('chroot', [root, '/usr/bin/lua5.4', '-e', 'print(6 * 7)'])
    expect(stdout).toBe('42\n')
    const { stdout: young } = await run('find', [
      root,
      '-xdev',
      '-newermt',
      '2 hours ago',
      '-type',
      'f',
      '-not',
      '-path',
      '*/dev/*',
    ])
    expect(young).toBe('')
  })

  test('of a package of ours has it, and what it depends on', async () => {
    const tree = join(folder, 'ours')
    mkdirSync(join(tree, 'DEBIAN'), { recursive: true })
    mkdirSync(join(tree, 'opt/ours'), { recursive: true })
    writeFileSync(join(tree, 'opt/ours/word'), 'ours')
    const control = (more: string) => `Package: ours\nVersion: 1\nArchitecture: all\nMaintainer: us\nDescription: ours\n${more}\n`
    const packed = async (more: string): Promise<BlobSource> => {
      writeFileSync(join(tree, 'DEBIAN/control'), control(more))
      await run('dpkg-deb', ['--root-owner-group', '--build', tree, join(folder, 'ours.deb')])
      const bytes = readFileSync(join(folder, 'ours.deb'))
      const digest = digestOfHex(createHash('sha256').update(bytes).digest('hex'))
      return { digest, size: bytes.length, open: (from) => Readable.from([bytes.subarray(from)], { objectMode: false }) }
    }
    const recipe = 'test "$(cat /opt/ours/word)" = ours && test "$(lua5.4 -e "print(6 * 7)")" = 42'
    const { built, log } = await make({ deb: await packed('Depends: lua5.4'), recipe })
    expect(built, log).toMatchObject({ ok: true })

    const lonely = await make({ deb: await packed('Depends: no-such-package-here') })
    expect(lonely.built, lonely.log).toMatchObject({ ok: false, error: { code: 'unknown_package' } })
  })

  test('that cannot be made says why: no such package, a recipe that fails or does not end', async () => {
    expect((await make({ apt: ['no-such-package-here'] })).built).toMatchObject({ error: { code: 'unknown_package' } })
    expect((await make({ recipe: 'echo before; exit 7' })).built).toEqual({ ok: false, error: { code: 'failed', status: 7 } })
    const limits = { cpus: 1, memoryBytes: GIB, processes: 64, timeMs: 3000 }
    expect((await make({ recipe: 'sleep 1000 & sleep 1000', limits })).built).toEqual({ ok: false, error: { code: 'timeout' } })
  })

  test('is made where there is no network, no path of the machine, no device and no right over the kernel', async () => {
    const listener = createServer().listen(0, '127.0.0.1')
    await once(listener, 'listening')
    const { port } = listener.address() as { port: number }
    writeFileSync(join(folder, 'canary'), 'untouched')
    const recipe = `
      refused() { if "$@" 2>/dev/null; then echo "it can: $*"; exit 9; fi; }
      refused perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "127.0.0.1:${port}")'
      refused perl -MIO::Socket::INET -e 'exit !IO::Socket::INET->new(PeerAddr => "192.0.2.1:80", Timeout => 3)'
      refused ls ${folder}
      refused mknod /opt/disk b 8 0
      refused mount -t tmpfs none /opt
      refused umount /proc
      refused sh -c 'echo x > /proc/sys/kernel/hostname'
      refused sh -c 'echo x > /proc/sysrq-trigger'
      refused chroot /
      rm -rf /var/log && ln -s ${folder} /var/log
      rm /etc/debian_version
      rm -r /etc/apt && mkdir /etc/apt && touch /etc/apt/new
      rm -r /etc/cron.d && echo none > /etc/cron.d
      ln /etc/passwd /etc/passwd.again
      refused mknod /opt/nothing c 0 0
      echo made > /opt/made
    `
    const { built, log, digest } = await make({ recipe })
    listener.close()
    expect(built, log).toMatchObject({ ok: true })
    expect(readFileSync(join(folder, 'canary'), 'utf8')).toBe('untouched')

    const layers = tarLayers(join(quick, 'work'))
    const stored = await storedImage(local, lang, digest as Digest)
    const signal = new AbortController().signal
    const root = await layers.unpack(stored?.layers.map((layer) => layer.read) ?? [], { signal })
    expect(readFileSync(join(root.path, 'opt/made'), 'utf8')).toBe('made\n')
    expect(lstatSync(join(root.path, 'opt/made'))).toMatchObject({ uid: 0, gid: 0 })
    expect(readlinkSync(join(root.path, 'var/log'))).toBe(folder)
    expect(lstatSync(join(root.path, 'etc/debian_version'), { throwIfNoEntry: false })).toBeUndefined()
    expect(readdirSync(join(root.path, 'etc/apt'))).toEqual(['new'])
    expect(lstatSync(join(root.path, 'etc/cron.d')).isFile()).toBe(true)
    expect(lstatSync(join(root.path, 'etc/passwd.again'))).toMatchObject({ nlink: 2, uid: 0 })
    await root.remove()

    // Of all that the base knows nothing.
    const whole = 'test -f /etc/debian_version; test -d /etc/apt/trusted.gpg.d; test -d /etc/cron.d; ! test -e /opt/made'
    expect((await make({ recipe: whole })).built).toMatchObject({ ok: true })
  })

  test.each([
    ['a named pipe', 'mkfifo /opt/pipe', 'bad_kind'],
    [
      'a program that lends its owner, hidden from what would tidy it',
      'cp /bin/true /usr/bin/find; cp /bin/true /opt/x; chmod 4755 /opt/x',
      'set_id',
    ],
  ])('with %s is refused', async (_, recipe, code) => {
    const { built, log } = await make({ recipe })
    expect(built, log).toMatchObject({ ok: false, error: { code: 'bad_layer', fault: { code } } })
  })
})
