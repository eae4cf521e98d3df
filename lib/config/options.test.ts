import { expect, test } from 'vitest'

import { type ConfigSource, parseConfig } from './options.ts'
import { type Option, OPTIONS } from './table.ts'

const parse = (source: ConfigSource, memoryMiB = 8192) => parseConfig(source, { memoryMiB })
const valueOf = (source: ConfigSource, memoryMiB?: number) => {
  const parsed = parse(source, memoryMiB)
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error))
  return parsed.value
}

test('nothing given, everything has a value that was declared', () => {
  expect(valueOf({})).toEqual({
    port: 3000,
    host: '127.0.0.1',
    origins: [],
    githubAdmins: [],
    githubUrl: 'https://github.com',
    githubApiUrl: 'https://api.github.com',
    trustProxy: 0,
    dataDir: '.dragoman',
    s3Region: 'us-east-1',
    builder: 'auto',
    buildUidBase: 2_100_000_000,
    runtime: 'runc',
    uidBase: 2_000_000_000,
    oneId: false,
    sandboxes: 'machine',
    sessionsNamespace: 'dragoman-sessions',
    buildsNamespace: 'dragoman-builds',
    agentCache: '/var/lib/dragoman/agents',
    agentVolume: 'auto',
    claimedPercent: 25,
    hostUsers: 'auto',
    unenforcedNetwork: false,
    sessionsMax: 64,
    totalMemoryMiB: 6144,
    sessionsPerAddress: 8,
    startsPerMinutePerAddress: 30,
    queueMax: 100,
    poolLanguages: ['python', 'javascript', 'bash'],
    poolMemoryMiB: 512,
    poolMembersMin: 1,
    poolMembersMax: 4,
    plainMembers: 1,
    sessionGraceSeconds: 60,
    logLevel: 'info',
    nextDev: false,
  })
})

test.each([
  [0, 4, 256],
  [639, 4, 479],
  [640, 5, 480],
  [12_800, 100, 9600],
  [100_000, 100, 75_000],
])('with %i MiB of memory there are %i sessions in %i MiB', (memoryMiB, sessionsMax, totalMemoryMiB) => {
  expect(valueOf({}, memoryMiB)).toMatchObject({ sessionsMax, totalMemoryMiB })
})

test('every problem is told at once, with the value, but never an address that holds a password', () => {
  const parsed = parse({ PORT: '65536', DATABASE_URL: 'mysql://u:secret@h/d', DRAGOMAN_LOG_LEVEL: 'loud', DRAGOMAN_PROT: '1' })

  expect(parsed).toEqual({
    ok: false,
    error: [
      { name: 'DRAGOMAN_PROT', message: 'is no option; docs/CONFIG.md lists them' },
      { name: 'PORT', message: 'must be a whole number from 0 to 65535, not "65536"' },
      { name: 'DATABASE_URL', message: 'must be an address such as postgresql://user:password@host:5432/name' },
      { name: 'DRAGOMAN_LOG_LEVEL', message: 'must be one of debug, info, warn, error, silent, not "loud"' },
    ],
  })
})

test.each(['', '0', '65535'])('port %j is taken', (PORT) => {
  expect(valueOf({ PORT }).port).toBe(PORT === '' ? 3000 : Number(PORT))
})

test.each(['-1', '65536', '3000.5', '3e3', ' 3000', '0x10', '９', '9'.repeat(16)])('port %j is refused', (PORT) => {
  expect(parse({ PORT }).ok).toBe(false)
})

test('lists are trimmed; an odd member refuses the list', () => {
  expect(valueOf({ DRAGOMAN_POOL_LANGUAGES: 'c++, python' }).poolLanguages).toEqual(['c++', 'python'])
  expect(valueOf({ DRAGOMAN_POOL_LANGUAGES: ' ' }).poolLanguages).toEqual([])
  expect(parse({ DRAGOMAN_POOL_LANGUAGES: 'c,,python' }).ok).toBe(false)
  expect(parse({ DRAGOMAN_POOL_LANGUAGES: '../x' }).ok).toBe(false)
  expect(parse({ DRAGOMAN_POOL_LANGUAGES: Array.from({ length: 256 }, () => 'c').join() }).ok).toBe(true)
  expect(parse({ DRAGOMAN_POOL_LANGUAGES: Array.from({ length: 257 }, () => 'c').join() }).ok).toBe(false)
})

test.each(['https://a.example', 'http://localhost:8080', 'https://a.example,https://b.example'])(
  'origins %j are taken',
  (origins) => {
    expect(valueOf({ DRAGOMAN_ORIGINS: origins }).origins).toEqual(origins.split(','))
  },
)

test.each(['a.example', '*', 'https://a.example/', 'https://a.example/x', 'HTTPS://A.example', 'file:///x', 'null'])(
  'origin %j is refused',
  (origins) => {
    expect(parse({ DRAGOMAN_ORIGINS: origins }).ok).toBe(false)
  },
)

test('an address for migrations alone is refused', () => {
  const address = 'postgresql://u@h/d'
  expect(parse({ DATABASE_MIGRATE_URL: address })).toMatchObject({ error: [{ name: 'DATABASE_MIGRATE_URL' }] })
  expect(parse({ DATABASE_MIGRATE_URL: address, DATABASE_URL: address }).ok).toBe(true)
})

test('one id for agent and programs is refused where the runtime cannot begin with it', () => {
  expect(parse({ DRAGOMAN_ONE_ID: 'true', DRAGOMAN_RUNTIME: 'runsc' })).toMatchObject({ error: [{ name: 'DRAGOMAN_ONE_ID' }] })
  expect(valueOf({ DRAGOMAN_ONE_ID: 'true', DRAGOMAN_RUNTIME: 'crun' })).toMatchObject({ oneId: true })
})

test('pods need a database and a registry that servers and nodes share', () => {
  const pods = { DRAGOMAN_SANDBOXES: 'pods' }
  expect(parse(pods)).toMatchObject({ error: [{ name: 'DATABASE_URL' }, { name: 'DRAGOMAN_REGISTRY_URL' }] })
  const shared = { DATABASE_URL: 'postgresql://u@h/d', DRAGOMAN_REGISTRY_URL: 'http://registry.example.org:5000' }
  expect(valueOf({ ...pods, ...shared })).toMatchObject({ sandboxes: 'pods' })
})

test.each([
  ['DRAGOMAN_SESSIONS_NAMESPACE', 'a', '-a'],
  ['DRAGOMAN_IMAGE_REGISTRY', 'registry.example.org:5000', 'http://registry.example.org'],
  ['DRAGOMAN_RUNTIME_CLASS', 'gvisor', 'g visor'],
  ['DRAGOMAN_REPLICA', 'server-7d9f.1', 'server_1'],
  ['DRAGOMAN_HOST_USERS', 'false', 'no'],
  ['DRAGOMAN_AGENT_VOLUME', 'image', 'oci'],
  ['DRAGOMAN_CLAIMED_PERCENT', '90', '91'], // a pod whose requests were its limits would be of another class, which none becomes
])('%s takes %j and not %j', (name, good, bad) => {
  expect(parse({ [name]: good }).ok).toBe(true)
  expect(parse({ [name]: bad })).toMatchObject({ ok: false, error: [{ name }] })
})

test('names are unique and follow from each other; the ones of the platform keep theirs', () => {
  const options = Object.values<Option<unknown>>(OPTIONS)
  const expected = options.map(({ flag }) => `DRAGOMAN_${flag.slice(2).toUpperCase().replaceAll('-', '_')}`)
  const names = options.map(({ env }) => (env.startsWith('DRAGOMAN_') ? env : `DRAGOMAN_${env}`))
  expect(names).toEqual(expected)
  expect(new Set(names).size).toBe(options.length)
})

test('where objects and images are kept is an address without a path, and a password in it is not repeated', () => {
  const good = { DRAGOMAN_S3_ENDPOINT: 'http://127.0.0.1:9000', DRAGOMAN_REGISTRY_URL: 'https://me:secret@example.org' }
  expect(valueOf({ ...good, DRAGOMAN_S3_BUCKET: 'logs', DRAGOMAN_BASE_RELEASE: 'trixie' })).toMatchObject({
    s3Endpoint: 'http://127.0.0.1:9000',
    registryUrl: 'https://me:secret@example.org',
    s3Bucket: 'logs',
    baseRelease: 'trixie',
  })
  for (const [name, value] of [
    ['DRAGOMAN_S3_BUCKET', '../up'],
    ['DRAGOMAN_S3_ENDPOINT', 'http://me:secret@example.org'],
    ['DRAGOMAN_S3_ENDPOINT', 'http://example.org/path'],
    ['DRAGOMAN_REGISTRY_URL', 'ftp://me:secret@example.org'],
    ['DRAGOMAN_BASE_RELEASE', '-x'],
  ] as const) {
    expect(parse({ [name]: value })).toMatchObject({ ok: false, error: [{ name }] })
  }
  const told = parse({ DRAGOMAN_REGISTRY_URL: 'ftp://me:secret@example.org' })
  expect(JSON.stringify(told)).not.toContain('secret')
})
