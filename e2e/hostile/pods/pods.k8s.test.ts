import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Actor } from '../actor.ts'
import { perl, said, sh } from '../programs.ts'
import { loadRows } from '../rows.ts'
import { ENTRIES, TOOL_LANG } from '../tool.ts'
import { ASKED, ASKED_BY_TOOLS, EACH_ITS_OWN } from './rows-on-pods.ts'
import { runInPods, TEST_MS_MAX } from './run-in-pods.ts'
import { openPodStage, type PodStage } from './stage.ts'

const rows = (await loadRows()).map(({ name, attack }) => ({ name, attack, number: attack.number }))
const rowsOf = (numbers: readonly number[]) => rows.filter(({ number }) => numbers.includes(number))

/** Where the kernel counts a session's processes is the cluster's own choice; this is more than any of them. */
const BOMB_MS = 3000
const STOP_MS_MAX = 10_000
/** Of a shell that says something back; a machine that is busy otherwise takes its time too. */
const WELL_MS_MAX = 10_000
/** As every pod has it. */
const AGENT_PORT = 7117
const MIB = 1024 * 1024

/** Tries all at once; says what was reached, what a name is answered, and what the own agent says to who has no key. */
const REACH = `
use Socket qw(:DEFAULT inet_pton); use Fcntl;
my %to;
for (@ARGV) {
  my ($host, $port) = split /:/;
  socket my $s, AF_INET, SOCK_STREAM, 0 or die;
  fcntl $s, F_SETFL, O_NONBLOCK;
  connect $s, sockaddr_in($port, inet_pton(AF_INET, $host));
  $to{fileno $s} = [$s, $_];
}
select undef, undef, undef, 2;
for (values %to) { my ($s, $place) = @$_; print "= reached $place\n" if getpeername $s }
print "= tried ", scalar(keys %to), "\n";
print "= name ", (gethostbyname('kubernetes.default.svc.cluster.local') || gethostbyname('example.com')) ? 'known' : 'unknown', "\n";
socket my $agent, AF_INET, SOCK_STREAM, 0;
connect $agent, sockaddr_in(${AGENT_PORT}, INADDR_LOOPBACK) or die;
my $hello = '{"type":"hello","protocol":3,"newest":3,"key":"' . '0' x 64 . '","epoch":1000000}';
syswrite $agent, pack('NC', 1 + length $hello, 1) . $hello;
my $answer = ''; 1 while sysread $agent, $answer, 4096, length $answer;
print "= own agent ", $answer =~ /bad_key/ ? 'closed' : 'open', "\n";`

let stage: PodStage
/** One who does nothing, and must not notice anything. */
let bystander: Actor
/** For what leaves nothing behind; the second and the third for what the formatter and the language server run. */
let shell: Actor
let tools: readonly Actor[]

beforeAll(async () => {
  stage = await openPodStage()
  ;[bystander, shell, ...tools] = await Promise.all([open(), open(), ...ENTRIES.map(() => open(TOOL_LANG))])
})
afterAll(async () => {
  const { canaries, traps } = stage
  await stage.close()
  expect([...canaries.failed(), ...traps.hits()]).toEqual([])
})

const open = (lang?: string) => stage.openActor(lang)

async function isWell(actor: Actor): Promise<void> {
  const { output } = await actor.run(sh('echo still $((6 * 7))'))
  expect(output).toContain('still 42')
}

/** How long the bystander's shell takes to say something back, while this goes on. */
async function whileWatched(act: () => Promise<void>): Promise<number[]> {
  const times: number[] = []
  let isOver = false
  const watching = (async () => {
    for (let n = 0; !isOver; n++) {
      const began = performance.now()
      const from = bystander.bytes()
      bystander.type(`echo $((${n} + 1000000))\n`)
      await bystander.saw(`${n + 1_000_000}\r\n`, WELL_MS_MAX, from)
      times.push(performance.now() - began)
    }
  })()
  await act().finally(() => (isOver = true))
  await watching
  return times
}

describe.concurrent('beside each other', () => {
  test.for(rowsOf(EACH_ITS_OWN))('row $number passes in pods: $name', { timeout: TEST_MS_MAX }, async ({ attack }, context) => {
    expect(await runInPods(attack, stage, context)).toEqual([])
  })
})

test.for(rowsOf(ASKED))('row $number passes in a pod: $name', async ({ attack }, context) => {
  expect(await runInPods(attack, stage, context, shell)).toEqual([])
})

test.for(rowsOf(ASKED_BY_TOOLS))('row $number passes in a pod: $name', async ({ attack, number }, context) => {
  expect(await runInPods(attack, stage, context, tools[Math.floor(number / 100) - 1])).toEqual([])
})

test('a fork bomb is held by its pod’s limit, and nobody else notices', async () => {
  const actor = await open()
  const times = await whileWatched(async () => {
    const job = await actor.begin(sh('bomb() { bomb | bomb & }; bomb; sleep 60'))
    await new Promise((done) => setTimeout(done, BOMB_MS))
    const began = performance.now()
    await actor.stop()
    expect(await actor.ended(job)).toMatchObject({ reason: 'stopped' })
    expect(performance.now() - began).toBeLessThan(STOP_MS_MAX)
  })
  expect(Math.max(...times)).toBeLessThan(WELL_MS_MAX)
  await isWell(actor)
})

test('more memory than the limit ends the program, or the session with that reason, and nothing else', async () => {
  const actor = await open()
  const hoard = 'my @held; $| = 1; while (1) { push @held, "x" x (16 << 20); print scalar(@held) * 16, "\\n" }'
  await whileWatched(async () => {
    const { output, ending } = await actor.run(perl(hoard))
    const held = Math.max(0, ...[...output.matchAll(/^(\d+)$/gm)].map(([, mib]) => Number(mib)))
    expect(held * MIB).toBeLessThanOrEqual(DEFAULT_LIMITS.memoryBytes)
    expect(held * MIB).toBeGreaterThan(DEFAULT_LIMITS.memoryBytes / 2)
    if (!ending) return expect(await actor.sessionEnded).toBe('memory') // where a container is killed as a whole
    expect(ending).toMatchObject({ signal: 'SIGKILL' })
    await isWell(actor)
  })
})

test('every place that can be written to has its size, and what fills it is told so', async () => {
  const actor = await open()
  const fill = (place: string) => `head -c 1T /dev/zero >${place}/full 2>/dev/null; stat -c '= ${place} %s' ${place}/full`
  const { output, ending } = await actor.run(
    sh(`${['/tmp', '/dev/shm', '/run/dragoman', '/home/visitor'].map(fill).join('\n')}\nexit 1`),
  )
  const sizes = Object.fromEntries(said(output).map((line) => line.split(' '))) as Record<string, string>
  const { tmpBytes, homeBytes } = DEFAULT_LIMITS
  expect(Number(sizes['/tmp'])).toBeLessThanOrEqual(tmpBytes)
  expect(Number(sizes['/dev/shm'])).toBeLessThanOrEqual(tmpBytes)
  expect(Number(sizes['/run/dragoman'])).toBeLessThanOrEqual(16 * MIB)
  expect(Number(sizes['/home/visitor'])).toBeLessThanOrEqual(homeBytes)
  expect(ending).toMatchObject({ reason: 'disk' })
  // With nowhere to stage a program it cannot be run, and the session goes on.
  await expect(actor.begin(sh('true'))).rejects.toThrow('file_refused')
})

test('nothing of the cluster is reached: not the API server, a kubelet, metadata, a name, a neighbour, its agent or its programs', async () => {
  const actor = await open()
  await bystander.saw('$', WELL_MS_MAX, 0)
  bystander.type(
    `perl -MSocket -e 'socket S, AF_INET, SOCK_STREAM, 0; bind S, sockaddr_in(9999, INADDR_ANY); listen S, 9; print "listen", "ing\\n"; accept C, S; print "h", "it\\n"' &\n`,
  )
  await bystander.saw('listening')
  const [node] = stage.apiServer.map((at) => at.split(':')[0])
  bystander.type('echo "at $(hostname -I)"\n')
  const neighbour = (await bystander.saw(/at [0-9.]+/, WELL_MS_MAX, 0)).slice('at '.length)
  const places = [
    ...stage.apiServer,
    ...[10250, 22, 2379, 5000, 10256].map((port) => `${node}:${port}`),
    ...['169.254.169.254:80', '100.100.100.200:80', '1.1.1.1:53', '1.1.1.1:443', '10.96.0.1:443', '10.96.0.10:53'],
    ...[`${neighbour}:${AGENT_PORT}`, `${neighbour}:9999`],
  ]
  const { output } = await actor.run(perl(REACH, ...places))
  expect(said(output)).toEqual(['tried ' + places.length, 'name unknown', 'own agent closed'])
  expect(bystander.output()).not.toContain('hit')
})

test('no signal ends an agent or holds it up, and what it kills is its own', async () => {
  const actor = await open()
  await actor.run(sh('for n in 1 2; do for s in $(seq 64); do kill -$s 1; done; done; kill -9 -1'))
  await isWell(actor)
  await isWell(bystander)
})
