import type { Actor } from './actor.ts'
import type { Expect } from './attack.ts'
import { perl, sh, type Files } from './programs.ts'
import type { Scene } from './scene.ts'
import { again, place } from './tool.ts'
import { becomes } from './until.ts'

const USEFUL_MS_MAX = 20_000
const GONE_MS_MAX = 10_000

/** What brings a machine down from wherever it is begun; each is begun by a formatter or as a language server. */
export const BOMBS: Readonly<Record<string, { readonly files: Files; readonly keepsProgram: boolean }>> = {
  forks: { files: sh('bomb() { bomb | bomb & }; bomb; wait; sleep 600'), keepsProgram: true },
  'forks that left the group': {
    files: sh(`bomb() { setsid bash -c "$(declare -f bomb); bomb" & setsid sleep 600 & }; bomb; bomb; sleep 1; bomb; sleep 600`),
    keepsProgram: true,
  },
  'takes all memory': {
    files: perl('my @held; push @held, "x" x (4 * 1024 * 1024) while 1'),
    keepsProgram: true,
  },
  'takes all memory in many processes': {
    files: perl('for (1..20) { next if fork; my $held = "x" x (48 * 1024 * 1024); sleep 600 } sleep 600'),
    keepsProgram: true,
  },
  'fills the home': { files: sh('cat /dev/zero >big; rm big; exit 1'), keepsProgram: true },
  'fills /tmp and /dev/shm': {
    files: sh('cat /dev/zero >/tmp/big; cat /dev/zero >/dev/shm/big; rm /tmp/big /dev/shm/big; exit 1'),
    keepsProgram: true,
  },
  'makes files without end': {
    files: sh('mkdir many; n=0; while : 2>&- >many/$n; do n=$((n+1)); done; rm -r many; exit 1'),
    keepsProgram: true,
  },
  'kills everything it can': { files: sh('trap "" TERM; kill -9 1; kill -STOP 1; kill -TERM -1; exit 1'), keepsProgram: false },
  'leaves daemons': {
    files: sh(`for n in 1 2 3 4 5; do setsid perl -e '$0 = "marker-of-bomb"; sleep 600' >&- 2>&- <&- & done; exit 1`),
    keepsProgram: true,
  },
}

/** Lets one bomb off after another in this session; `set` lets it off and settles when the tool has ended. */
export async function letOff(actor: Actor, set: () => Promise<string>, { expect, box: look }: Scene): Promise<void> {
  const box = await look(actor)
  for (const [what, { files, keepsProgram }] of Object.entries(BOMBS)) {
    await place(actor, files)
    const shell = await pidOfShell(actor)
    const ended = await set()
    if (keepsProgram) {
      const lives = box.processes().length > 0
      expect(lives, `"${what}" (${ended}) cost everything in its sandbox`)
      const still = await pidOfShell(actor).catch((error: unknown) => String(error))
      expect(still === shell, `"${what}" (${ended}) cost the program that ran beside it: ${still}`)
    }
    await isUseful(actor, what, expect)
    const left = () => box.processes().some(({ command }) => command.includes('marker-of-bomb'))
    expect(await becomes(() => !left(), GONE_MS_MAX), `a daemon of "${what}" outlived the next run`)
  }
}

/** The program that runs beside the tool is a shell, which can be asked whether it is still the same. */
export function pidOfShell(actor: Actor): Promise<string> {
  const from = actor.bytes()
  actor.type('\necho pid-$((0 + $$))\n')
  return actor.saw(/pid-\d+/, USEFUL_MS_MAX, from)
}

async function isUseful(actor: Actor, what: string, expect: Expect): Promise<void> {
  const from = actor.bytes()
  const begun = await again(() => actor.call<{ job: number }>('run', { files: sh('echo still $((6 * 7))') }))
  expect(begun.ok, `after "${what}" a run was answered ${JSON.stringify(begun)}`)
  await actor.saw('still 42', USEFUL_MS_MAX, from)
}
