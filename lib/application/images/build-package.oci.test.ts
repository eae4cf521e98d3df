import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { contentsOf, NOTHING_LEFT, packageWorld, type PackageWorld, run } from './packages.contract.ts'

const MS_MAX = 4 * 60_000

describe('a package', { timeout: MS_MAX }, () => {
  let world: PackageWorld
  beforeAll(async () => void (world = await packageWorld()), MS_MAX)
  afterEach(() => expect(world.left()).toEqual(NOTHING_LEFT))
  afterAll(() => world.close())

  test('of Debian packages alone is written down without running anything, the same each time', async () => {
    const install = { apt: ['lua5.4', 'gcc=4:12.2.0-3', 'make=4.3-4.1', 'less'], depends: { unpin: ['gcc'], strip: ['less'] } }
    const { built, log, path, digest } = await world.make(install)
    expect(built, log).toMatchObject({ ok: true, value: { depends: ['lua5.4', 'gcc', 'make (= 4.3-4.1)'] } })
    const { stdout } = await run('dpkg-deb', ['--field', path, 'Package', 'Architecture', 'Depends'])
    expect(stdout).toBe('Package: dragoman-mine\nArchitecture: all\nDepends: lua5.4, gcc, make (= 4.3-4.1)\n')
    expect(await contentsOf(path)).toEqual(['drwxr-xr-x 0/0 ./'])

    expect((await world.make(install)).digest).toBe(digest)
    expect((await world.make({ apt: ['lua5.4'] })).digest).not.toBe(digest)
  })

  test('has what npm, files, scripts, unpacked packages and shell made, the same each time', async () => {
    const install = {
      prepare: {
        manual:
          'mkdir -p tree/DEBIAN && printf "Package: x\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n" > tree/DEBIAN/control\nmkdir tree/opt && echo > tree/opt/unpacked\ndpkg-deb --build tree x_1.deb',
      },
      npm: ['befunge93', 'coffeescript'],
      files: { '/etc/mine.conf': "$(touch /pkg/evil) it's\n" },
      scripts: { "say'hi": '#!/bin/sh\necho hi\n' }, // the schema would refuse this name
      deb: ['x_*.deb'],
      manual: '[[ -d "${pkg}" ]] && echo made > "${pkg}/opt/made"',
    }
    const { built, log, path, digest } = await world.make(install)
    expect(built, log).toMatchObject({ ok: true, value: { depends: ['libstdc++6'], facts: { name: 'dragoman-mine' } } })
    const contents = await contentsOf(path)
    expect(contents).toEqual(
      expect.arrayContaining([
        '-rw-r--r-- 0/0 ./etc/mine.conf',
        '-rw-r--r-- 0/0 ./opt/made',
        '-rw-r--r-- 0/0 ./opt/unpacked',
        '-rwxr-xr-x 0/0 ./opt/dragoman/bin/coffee',
        "-rwxr-xr-x 0/0 ./usr/local/bin/say'hi",
      ]),
    )
    expect(contents.join('\n')).not.toContain('evil')
    expect(contents.filter((line) => line.includes('root') || !line.includes(' 0/0 '))).toEqual([])

    const image = await world.intoImage(
      { built, path },
      '/opt/dragoman/bin/coffee -e "console.log 6 * 7"; sh "/usr/local/bin/say\'hi"',
    )
    expect(image.built, `${JSON.stringify(image.built)} ${image.log}`).toMatchObject({ ok: true })
    expect(image.log).toContain('42\nhi\n')

    expect((await world.make(install)).digest).toBe(digest)
  })

  test('has what its shared packages made, which is there while its own recipe runs, and its own where both have one', async () => {
    const shared = [
      {
        id: 'tool',
        install: {
          scripts: { tool: '#!/bin/sh\necho shared\n', both: 'theirs' },
          manual: 'mkdir "$pkg/lib"; echo > "$pkg/lib/mine.so"',
        },
      },
      { id: 'user', install: { riju: ['tool'], manual: 'test ! -e "$pkg/usr"; mkdir "$pkg/opt"; tool > "$pkg/opt/user"' } },
    ]
    const install = {
      riju: ['user'],
      scripts: { both: 'mine' },
      manual: 'test ! -e "$pkg/opt"; test -f /usr/lib/mine.so; cat /opt/user > "$pkg/own"; rm /usr/local/bin/tool',
    }
    const made = await world.make(install, { config: { install, shared } })
    expect(made.built, made.log).toMatchObject({ ok: true, value: { facts: { name: 'dragoman-mine' } } })
    const files = (await contentsOf(made.path)).filter((line) => !line.startsWith('d'))
    expect(files).toEqual([
      '-rw-r--r-- 0/0 ./lib/mine.so',
      '-rw-r--r-- 0/0 ./opt/user',
      '-rw-r--r-- 0/0 ./own',
      '-rwxr-xr-x 0/0 ./usr/local/bin/both',
      '-rwxr-xr-x 0/0 ./usr/local/bin/tool',
    ])
    const image = await world.intoImage(made, 'cat /usr/local/bin/both /own; tool')
    expect(image.log).toContain('mineshared\nshared\n')
    expect((await world.make(install, { config: { install, shared } })).digest).toBe(made.digest)
  })

  test('that would need what is not done here says what', async () => {
    const link = 'https://example.org/x'
    const none = { ok: false, error: { code: 'unsupported_recipe' } }
    for (const install of [{ cert: [link] }, { prepare: { aptKey: [link] } }, { apt: ['$(x)'] }]) {
      expect((await world.make(install)).built).toMatchObject(none)
    }
    expect((await world.make({ riju: ['shared'] })).built).toMatchObject({ ok: false, error: { code: 'unknown_shared' } })
    expect((await world.make({ prepare: { apt: ['no-such-package-here'] }, manual: 'true' })).built).toMatchObject({
      error: { code: 'unknown_package' },
    })
    expect((await world.make({ manual: 'exit 7' })).built).toEqual({ ok: false, error: { code: 'failed', status: 7 } })
  })

  test('is only ever what its config says it is: no other name, script, owner or right comes out of a recipe', async () => {
    const { built, log, path } = await world.make({
      manual: `
        mkdir -p "$pkg/DEBIAN" "$pkg/bin" /tmp/out
        printf 'Package: bash\\nVersion: 99\\nDepends: x\\n' > "$pkg/DEBIAN/control"
        printf '#!/bin/sh\\ntouch /owned\\n' > "$pkg/DEBIAN/postinst" && chmod 755 "$pkg/DEBIAN/postinst"
        cp /bin/true "$pkg/bin/su" && chmod 6777 "$pkg/bin/su" && chown 1000:1000 "$pkg/bin/su"
        ln -s /etc/shadow "$pkg/shadow"; ln -s ../../../../.. "$pkg/up"; ln -s /etc/passwd /out.deb
        cp /bin/true /usr/bin/dpkg-deb; cp /bin/true /usr/bin/tar
      `,
    })
    expect(built, log).toMatchObject({ ok: true })
    const { stdout } = await run('dpkg-deb', ['--info', path])
    expect(stdout).toContain('Package: dragoman-mine\n')
    expect(stdout).not.toMatch(/postinst|bash|Depends/)
    const contents = await contentsOf(path)
    expect(contents).toContain('-rwxr-xr-x 0/0 ./bin/su')
    expect(contents.filter((line) => line.startsWith('l'))).toEqual([
      'lrwxr-xr-x 0/0 ./shadow -> /etc/shadow',
      'lrwxr-xr-x 0/0 ./up -> ../../../../..',
    ])
  })

  test('with a link in place of its folder is refused', async () => {
    const { built } = await world.make({ manual: 'rm -r "$pkg" && ln -s /etc "$pkg"' })
    expect(built).toEqual({ ok: false, error: { code: 'bad_package', why: 'its content is no folder' } })
  })

  test.each([
    ['floods its log', 'yes', { code: 'failed', why: expect.stringContaining('it said more than') }],
    ['fills the disk', 'cat /dev/zero > /opt/big', { code: 'failed', why: expect.stringContaining('of the disk') }],
    ['forks without end', 'f() { f | f & }; f; sleep 1000', { code: 'timeout' }],
  ])('is not made by a recipe that %s', async (_, manual, error) => {
    const limits = world.limits({ timeMs: 20_000, diskBytes: 600 * 1024 ** 2, processes: 64 })
    expect(
      (await world.make({ manual }, { limits: { ...limits, ...(error.code === 'timeout' && { timeMs: 4000 }) } })).built,
    ).toMatchObject({ ok: false, error })
  })
})

describe('the network of a recipe', { timeout: MS_MAX }, () => {
  const hits: string[] = []
  const servers = ['registry', 'neighbour'].map((name) =>
    createServer((request, response) => {
      hits.push(`${name} ${request.method} ${request.url}`)
      response.end('hello\n')
    }),
  )
  const [registry, neighbour] = servers
  const portOf = (server = registry) => (server?.address() as AddressInfo | undefined)?.port
  beforeAll(async () => {
    for (const server of servers) await once(server.listen(0, '127.0.0.1'), 'listening')
  })
  afterAll(() => {
    for (const server of servers) {
      server.closeAllConnections()
      server.close()
    }
  })

  /** For Perl: sends a request to the proxy, or past it, and says the first line of the answer, or why there is none. */
  const ASK = `
ask() { perl -MIO::Socket::INET -e '
  my ($to, @lines) = @ARGV;
  my $s = IO::Socket::INET->new(PeerAddr => $to, Timeout => 3) or print("no way\\n"), exit;
  print $s join("\\r\\n", @lines, "", ""); print scalar(<$s>) // "closed\\n";' "$@"; }
`
  test('leads through the proxy to the registry that is configured, and nowhere else', async () => {
    const world = await packageWorld({ npm: [`http://127.0.0.1:${portOf()}/`] })
    const elsewhere = [
      'http://169.254.169.254/latest/meta-data/',
      `http://127.0.0.1:${portOf(neighbour)}/`,
      'http://example.org/',
    ]
    const tunnels = [
      `127.0.0.1:${portOf(neighbour)}`,
      `127.0.0.1:${portOf()}`,
      '169.254.169.254:80',
      'registry.npmjs.org:443',
      '[::1]:22',
    ]
    const { built, log } = await world.make({
      prepare: {
        manual: `${ASK}
          echo "registry: $(ask 127.0.0.1:3128 "GET http://127.0.0.1:${portOf()}/yes HTTP/1.1" "Host: x")"
          echo "post: $(ask 127.0.0.1:3128 "POST http://127.0.0.1:${portOf()}/no HTTP/1.1" "Host: x" "Content-Length: 0")"
          ${elsewhere.map((url) => `echo "get: $(ask 127.0.0.1:3128 "GET ${url} HTTP/1.1" "Host: 127.0.0.1:${portOf()}")"`).join('\n')}
          ${tunnels.map((at) => `echo "tunnel: $(ask 127.0.0.1:3128 "CONNECT ${at} HTTP/1.1" "Host: x")"`).join('\n')}
          ${[`127.0.0.1:${portOf(neighbour)}`, '169.254.169.254:80', '203.0.113.80:443'].map((at) => `echo "direct: $(ask ${at} "GET / HTTP/1.0")"`).join('\n')}
          ls /sys/class/net 2>&1 || true; tail -n +3 /proc/net/dev | cut -d: -f1
          exit 3`,
      },
      npm: ['nothing'],
    })
    expect(built).toEqual({ ok: false, error: { code: 'failed', status: 3 } })
    const said = (what: string) =>
      log.split('\n').flatMap((line) => (line.startsWith(`${what}: `) ? line.slice(what.length + 2).trim() : []))
    expect(said('registry')).toEqual(['HTTP/1.1 200 OK'])
    expect(said('post')).toEqual(['HTTP/1.1 405 Method Not Allowed'])
    expect(said('get')).toEqual(elsewhere.map(() => 'HTTP/1.1 403 Forbidden'))
    expect(said('tunnel')).toEqual(tunnels.map(() => 'HTTP/1.1 403 Forbidden'))
    expect(said('direct')).toEqual(['no way', 'no way', 'no way'])
    expect(said('Refused')).toHaveLength(1 + elsewhere.length + tunnels.length)
    expect(log).toContain('Refused: http://169.254.169.254 is not of a registry that this recipe may ask')
    expect(log.trim().split('\n').at(-1)?.trim()).toBe('lo')
    expect(hits).toEqual(['registry GET /yes'])
    expect(world.left()).toEqual(NOTHING_LEFT)
    await world.close()
  })

  test('is none at all when the recipe names no registry', async () => {
    const world = await packageWorld()
    const { log } = await world.make({ manual: `${ASK}\nenv | grep -ci proxy || true\nask 127.0.0.1:3128 x; exit 1` })
    expect(log.trim().split('\n')).toEqual(['0', 'no way'])
    await world.close()
  })

  test('that does not reach a registry makes it infra, with the reason; what fails of itself is failed', async () => {
    const world = await packageWorld({ npm: ['http://127.0.0.1:1/'] })
    const { built } = await world.make({ npm: ['lolcode'] })
    expect(built).toEqual({
      ok: false,
      error: { code: 'infra', why: '127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1' },
    })
    const failed = { ok: false, error: { code: 'failed', status: 9 } }
    expect((await world.make({ npm: ['lolcode'], prepare: { manual: 'exit 9' } })).built).toEqual(failed)
    expect(world.left()).toEqual(NOTHING_LEFT)
    await world.close()
  })
})
