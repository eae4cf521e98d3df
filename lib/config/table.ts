import {
  bucketName,
  databaseAddress,
  httpAddress,
  langIds,
  oneOf,
  origins,
  packageRegistry,
  registryAddress,
  releaseName,
  text,
  whole,
  yesNo,
} from './kinds.ts'
import { CLUSTER_OPTIONS } from './cluster-options.ts'
import { PEOPLE_OPTIONS } from './people-options.ts'
import { derived, fixed, type Option, optional, type OptionWithDefault } from './option.ts'

export type { Option } from './option.ts'

/** Each option once: environment, flags, `--help` and docs/CONFIG.md come from this table. */
export const OPTIONS = {
  port: fixed('port', whole(0, 65_535), '3000', 'Port of the web server; 0 takes a free one.', 'PORT'),
  host: fixed('host', text('a name or address'), '127.0.0.1', 'Address to listen on; in a container it has to be 0.0.0.0.'),
  origins: fixed(
    'origins',
    origins,
    '',
    'Further origins whose pages may open a session, beside the address they were asked at.',
  ),
  ...PEOPLE_OPTIONS,
  trustProxy: fixed(
    'trust-proxy',
    whole(0, 10),
    '0',
    'How many proxies stand in front: so many of the last addresses in X-Forwarded-For are believed.',
  ),
  dataDir: fixed(
    'data-dir',
    text('a path'),
    '.dragoman',
    'Folder for all that is kept: the database, the agent, the state of sandboxes.',
  ),
  configs: optional(
    'configs',
    text('a path'),
    'Folder with language files (*.yaml) of your own, beside the ones that come along.',
  ),
  databaseUrl: optional(
    'database-url',
    databaseAddress,
    'PostgreSQL to use instead of the embedded one; a role that reads and writes rows is enough.',
    'DATABASE_URL',
  ),
  databaseMigrateUrl: optional(
    'database-migrate-url',
    databaseAddress,
    'The same database as the role that owns the tables. Without it they have to be there: nothing is migrated.',
    'DATABASE_MIGRATE_URL',
  ),
  s3Bucket: optional(
    's3-bucket',
    bucketName,
    'Bucket for logs, agent releases and backups; without it they are files in the data folder. Its keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from the machine.',
  ),
  s3Endpoint: optional('s3-endpoint', httpAddress, "Address of the bucket's store, when it is not Amazon's own."),
  s3Region: fixed('s3-region', text('a region'), 'us-east-1', 'Region of the bucket.'),
  registryUrl: optional(
    'registry-url',
    registryAddress,
    'Registry for images, in which manifests may be deleted; without it they are an OCI layout in the data folder.',
  ),
  baseRelease: optional(
    'base-release',
    releaseName,
    "Release of Debian or Ubuntu that images grow from, e.g. bookworm; it comes from where the machine's own does. Without it, the machine's own.",
  ),
  npmRegistry: registry('npm', 'npm', "this machine's npm is set to"),
  pipRegistry: registry('pip', 'Python (a simple index)', 'is public'),
  gemRegistry: registry('gem', 'Ruby', 'is public'),
  cpanRegistry: registry('cpan', 'Perl (a CPAN mirror)', 'is public'),
  cargoRegistry: registry('cargo', 'Rust (a sparse index)', 'is public'),
  opamRegistry: registry('opam', 'OCaml (a repository of opam)', 'is public'),
  builder: fixed(
    'builder',
    oneOf(['auto', 'off', 'pods']),
    'auto',
    'Whether this server builds languages: here where it can, not at all, or as pods of the cluster. See docs/build.md.',
  ),
  buildUidBase: fixed(
    'build-uid-base',
    whole(65_536, 4_294_000_000),
    '2100000000',
    'First of the 65,536 user ids that builds get; nobody else on the machine may use the range.',
  ),
  runtime: fixed(
    'runtime',
    oneOf(['runc', 'crun', 'runsc']),
    'runc',
    'OCI runtime that starts sandboxes; runsc is gVisor, see docs/decisions/0008-runsc.md.',
  ),
  runtimePath: optional('runtime-path', text('a path'), 'Where the runtime is, when it is not on the path.'),
  uidBase: fixed(
    'uid-base',
    whole(10_000, 4_294_000_000),
    '2000000000',
    'First of the user ids that sandboxes get, two each; nobody else on the machine may use the range.',
  ),
  oneId: fixed(
    'one-id',
    yesNo,
    'false',
    'Runs the agent under the id of its programs and with the filter of pods, to try languages as a restricted pod runs them; not with runsc.',
  ),
  ...CLUSTER_OPTIONS,
  sessionsMax: derived(
    'sessions-max',
    whole(1, 10_000),
    ({ memoryMiB }) => clamp(Math.floor(memoryMiB / SESSION_MIB), 4, 100),
    'one for every 128 MiB of memory, from 4 to 100',
    'Sessions at once, on a cluster of all servers together; who comes later waits in a queue.',
  ),
  totalMemoryMiB: derived(
    'total-memory-mib',
    whole(256, 16_777_216),
    ({ memoryMiB }) => Math.max(256, Math.floor(memoryMiB * SANDBOX_SHARE)),
    'three quarters of the memory',
    'Memory of all sandboxes together; the rest is for the server and the database.',
  ),
  sessionsPerAddress: fixed(
    'sessions-per-address',
    whole(1, 1000),
    '8',
    'Sessions at once from one address, at whatever server.',
  ),
  startsPerMinutePerAddress: fixed(
    'starts-per-minute-per-address',
    whole(1, 6000),
    '30',
    'Sessions started a minute from one address, at whatever server.',
  ),
  queueMax: fixed(
    'queue-max',
    whole(0, 10_000),
    '100',
    'How many may wait for a sandbox; beyond that whoever is last in turn is turned away.',
  ),
  poolLanguages: fixed('pool-languages', langIds, 'python,javascript,bash', 'Languages whose prompt is kept open ahead.'),
  poolMemoryMiB: fixed(
    'pool-memory-mib',
    whole(0, 16_777_216),
    '512',
    'Memory that sandboxes started ahead may take; 0 starts none.',
  ),
  poolMembersMin: fixed(
    'pool-members-min',
    whole(0, 64),
    '1',
    'Sandboxes kept ahead for each of those languages, by all servers together.',
  ),
  poolMembersMax: fixed('pool-members-max', whole(0, 64), '4', 'Sandboxes started ahead for one language at most.'),
  plainMembers: fixed('plain-members', whole(0, 64), '1', 'Sandboxes started ahead that take any language.'),
  sessionGraceSeconds: fixed('session-grace-seconds', whole(0, 600), '60', 'How long a session outlives its lost connection.'),
  idleSeconds: optional(
    'idle-seconds',
    whole(1, 86_400),
    'Ends a session without keystroke or output after this, whatever its language says.',
  ),
  lifeSeconds: optional('life-seconds', whole(1, 86_400), 'Ends a session after this, whatever its language says.'),
  logLevel: fixed('log-level', oneOf(['debug', 'info', 'warn', 'error', 'silent']), 'info', 'The least that is logged.'),
  nextDev: fixed('next-dev', yesNo, 'false', 'Compile pages as they are asked for: for work on them.'),
} as const

/** Memory that a session takes on average: an interpreter, its agent, the kernel's share. */
const SESSION_MIB = 128
const SANDBOX_SHARE = 0.75

export type Config = { readonly [Name in keyof typeof OPTIONS]: Value<(typeof OPTIONS)[Name]> }
type Value<O> = O extends OptionWithDefault<infer T> ? T : O extends Option<infer T> ? T | undefined : never

function registry(kind: string, whose: string, otherwise: string): Option<readonly string[]> {
  return optional(
    `${kind}-registry`,
    packageRegistry,
    `Where recipes get packages of ${whose}, and further origins that it leads to. They reach no other. Without it, the one that ${otherwise}.`,
  )
}

function clamp(n: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, n))
}
