/**
 * A language server that is a hostile program: announces a gigabyte and sends it, tells diagnostics for ever to a page that
 * takes none, never reads, complains for ever, ends at once however often it is started, takes all memory, leaves a daemon
 * that holds its output, hears no signal. Expected: it alone goes, for a reason that is told; the server's memory is flat;
 * the program beside it and the session are as they were.
 */
import { LSP_INPUT_BYTES_MAX } from '#lib/protocol/browser.ts'
import { OUTPUT_WINDOW_BYTES } from '#lib/protocol/sizes.ts'

import type { Actor } from '../actor.ts'
import type { Attack, Expect } from '../attack.ts'
import { pidOfShell } from '../bombs.ts'
import { sh } from '../programs.ts'
import { growthWatch, RSS_GROWTH_MB_MAX } from '../rss.ts'
import type { Scene } from '../scene.ts'
import { again, place, startServer, TOOL_LANG, wordsOf, type Server } from '../tool.ts'
import { becomes } from '../until.ts'

const FLOOD_MS = 3000
const HELD_MS = 1000
const GONE_MS_MAX = 10_000
/** Of the end of what it complained. */
const WORDS_MAX = 2000
const STARTS_AT_ONCE = 30

/** One tool, many faults: the first line that it reads says which. */
const TOOL = `
read -r fault
case $fault in
  announces) printf 'Content-Length: 1000000000\\r\\n\\r\\n'; exec yes '{"jsonrpc":"2.0"}' ;;
  lies) printf 'Content-Length: -5\\r\\nContent-Length: x\\r\\n\\r\\n{{{'; cat >/dev/null ;;
  deaf) exec sleep 600 ;;
  complains) exec yes 'it is all wrong' >&2 ;;
  ends) exit 7 ;;
  hoards) exec perl -e 'my @held; push @held, "x" x (4 * 1024 * 1024) while 1' ;;
  many) for n in 1 2 3 4 5 6 7 8; do perl -e 'my $held = "x" x (90 * 1024 * 1024); sleep 600' & done; wait ;;
  stubborn) trap '' TERM INT HUP QUIT PIPE; while :; do sleep 600; done ;;
  holds) setsid perl -e '$SIG{PIPE} = "IGNORE"; $0 = "marker-that-holds"; print "held\\n" while 1' & sleep 0.2; exit 0 ;;
esac`

export const attack: Attack = {
  number: 65,
  what: 'A language server that announces a gigabyte, floods, never reads, crashes, hoards and leaves a daemon',
  expected: 'it alone goes, for a reason that is told; flat memory; the program beside it as it was',
  quick: true,
  lang: TOOL_LANG,
  async act(actor, scene) {
    const { expect, box: look } = scene
    const box = await look(actor)
    await place(actor, sh(TOOL))
    const shell = await pidOfShell(actor)
    const start = async (fault: string) => {
      const started = await again(() => startServer(actor))
      if (!started.ok) throw new Error(`Not started for "${fault}": ${wordsOf(started.error)}`)
      started.value.send(Buffer.from(`${fault}\n`))
      return started.value
    }

    await floods(start, scene)
    await isHeldUp(start, expect)
    await inputIsLimited(start, expect)
    for (const fault of ['complains', 'stubborn', 'lies']) {
      const server = await start(fault)
      await becomes(() => false, HELD_MS)
      server.stop()
      const { reason, words } = await server.ended()
      expect(reason === 'stopped' && words.length <= WORDS_MAX, `"${fault}": ${reason}, ${words.length} characters`)
    }
    for (const [fault, reasons] of [
      ['hoards', ['exit', 'memory']],
      ['many', ['memory', 'exit']],
    ] as const) {
      const server = await start(fault)
      const { reason, words } = await endOrStop(server, fault === 'many')
      expect([...reasons, 'stopped'].includes(reason), `"${fault}" ended with ${reason}: ${words}`)
    }
    const holder = await start('holds')
    const { reason, code } = await holder.ended()
    expect(reason === 'exit' && code === 0, `one that left a daemon ended with ${reason} ${code}`)
    await crashLoop(actor, expect)

    for (const [number, bytes] of [
      [-1, 1],
      [1e9, 1],
      [0, 0],
    ] as const)
      actor.socket.emit('lsp-input', number, Buffer.alloc(bytes))
    expect((await pidOfShell(actor)) === shell, 'the program beside it was lost')
    const begun = await again(() => actor.call<{ job: number }>('run', { files: sh('echo still $((6 * 7))') }))
    expect(begun.ok, `the next run was answered ${JSON.stringify(begun)}`)
    await actor.saw('still 42', GONE_MS_MAX)
    const lives = () => box.processes().some(({ command }) => command.includes('marker-that-holds'))
    expect(await becomes(() => !lives(), GONE_MS_MAX), "a server's daemon outlived the next run")
  },
}

type Start = (fault: string) => Promise<Server>

/** As fast as it can, to a page that takes in all of it. */
async function floods(start: Start, { expect, rssMb }: Scene): Promise<void> {
  const server = await start('announces')
  const watch = growthWatch(rssMb)
  const began = performance.now()
  await becomes(() => (watch.look(), performance.now() - began > FLOOD_MS), 2 * FLOOD_MS)
  server.stop()
  await server.ended()
  const grownMb = watch.grownMb()
  expect(server.bytes() > 2 * OUTPUT_WINDOW_BYTES, `a flood was only ${server.bytes()} bytes`)
  expect(grownMb <= RSS_GROWTH_MB_MAX, `the server grew by ${grownMb.toFixed(1)} MB during a flood`)
}

/** To a page that takes in nothing. */
async function isHeldUp(start: Start, expect: Expect): Promise<void> {
  const server = await start('announces')
  server.stall()
  await becomes(() => false, HELD_MS)
  const held = server.bytes()
  await becomes(() => false, HELD_MS)
  expect(server.bytes() - held <= OUTPUT_WINDOW_BYTES, `${server.bytes() - held} bytes came to a page that took none in`)
  server.stop()
  await server.ended()
}

/** Of a server that reads none. In small pieces: lib/application/sessions/input-queue.test.ts. */
async function inputIsLimited(start: Start, expect: Expect): Promise<void> {
  const whole = await start('deaf')
  for (let sent = 0; sent <= LSP_INPUT_BYTES_MAX; sent += 512 * 1024) whole.send(Buffer.alloc(512 * 1024, 'x'))
  const { reason } = await whole.ended()
  expect(reason === 'input_full', `too much input ended with ${reason}`)
}

/** Where memory is short it depends on the kernel which of them goes, and a shell may go on waiting. */
async function endOrStop(server: Server, mayGoOn: boolean) {
  if (!mayGoOn) return server.ended()
  let isOver = false
  const ended = server.ended().finally(() => (isOver = true))
  await becomes(() => isOver, 5 * HELD_MS)
  server.stop()
  return ended
}

/** Started again as soon as it ends, for as often as that is allowed. */
async function crashLoop(actor: Actor, expect: Expect): Promise<void> {
  const refusals: string[] = []
  for (let n = 0; n < STARTS_AT_ONCE; n++) {
    const started = await startServer(actor)
    if (!started.ok) refusals.push(started.error.code)
    else started.value.send(Buffer.from('ends\n'))
  }
  expect(refusals.length > 0 && refusals.every((code) => code === 'too_many_runs'), `refusals: ${refusals.join() || 'none'}`)
  const last = await again(() => startServer(actor))
  if (!last.ok) return expect(false, `no start any more: ${wordsOf(last.error)}`)
  last.value.send(Buffer.from('ends\n'))
  const { reason, code } = await last.value.ended()
  expect(reason === 'exit' && code === 7, `one that crashes ended with ${reason} ${code}`)
}
