import { percentile } from '../../../cli/bench/figures.ts'
import type { Actor } from '../actor.ts'
import type { Verdict } from '../attack.ts'
import { perl } from '../programs.ts'
import { becomes, pause } from '../until.ts'

/** Between two keys, counted from the echo of the one before. */
export const KEY_MS = 50
/** A typist does not notice less. */
export const ECHO_P99_MS_MAX = 250
/** Of the time before the attack, so many keys make the baseline. */
const BASELINE_KEYS = 60
/** Ten times what they take. */
const BASELINE_MS_MAX = 10 * BASELINE_KEYS * KEY_MS
/** An echo that takes longer counts as that long, and the next key is pressed. */
const ECHO_MS_MAX = 10_000
const LINE_MS = 20

export type BystanderFigures = {
  readonly p99Ms: number
  readonly baselineP99Ms: number
  /** Lines of the stream that came meanwhile. */
  readonly lines: number
  /** Where the stream was not as it must be. */
  readonly broken?: string | undefined
}

/** Somebody else on the machine, in two sessions: one typist, and one reader of a stream whose every line is known. */
export type Bystander = {
  /** From here on it is under attack. */
  attackBegins(): void
  /** What the attack did to it. */
  verdict(): Verdict
  close(): void
}

/** Each line holds its number and a value that follows from the one before: a lost, repeated or changed byte shows. */
export const STREAM = `
$| = 1;
for (my ($n, $x) = (0, 1); ; $n++) {
  print "$n $x\\n";
  $x = ($x * 1103515245 + 12345) % 2147483648;
  select undef, undef, undef, ${LINE_MS / 1000};
}`

export async function watchBystander(typist: Actor, reader: Actor, secret: string): Promise<Bystander> {
  const stream = streamCheck()
  reader.socket.on('output', (_, bytes) => stream.add(Buffer.from(bytes).toString('latin1')))
  await reader.begin(perl(STREAM, secret))
  await reader.saw('5 ')

  let [isOpen, from, pressedAt] = [true, 0, performance.now()]
  const echoes: number[] = []
  let ended: string | undefined
  for (const actor of [typist, reader]) void actor.sessionEnded.then((reason) => (ended ??= reason))
  void type()
  const isReady = await becomes(() => echoes.length >= BASELINE_KEYS, BASELINE_MS_MAX)
  if (!isReady) throw new Error(`A bystander saw only ${echoes.length} of ${BASELINE_KEYS} keys before any attack`)

  async function type(): Promise<void> {
    for (let n = 0; isOpen && ended === undefined; n++) {
      const key = String.fromCharCode(97 + (n % 26))
      const at = typist.bytes()
      pressedAt = performance.now()
      typist.type(key)
      await typist.saw(key, ECHO_MS_MAX, at).catch(() => undefined)
      echoes.push(performance.now() - pressedAt)
      // A line that only grew would make the editor of the line redraw ever more.
      if (n % 26 === 25) typist.type('\x15')
      await pause(KEY_MS)
      pressedAt = performance.now()
    }
  }

  let [baselineP99Ms, linesBefore] = [0, 0]
  return {
    attackBegins() {
      from = echoes.length
      baselineP99Ms = percentile(echoes.slice(-BASELINE_KEYS), 0.99)
      linesBefore = stream.lines()
    },
    verdict() {
      // The key under way counts as long as it has waited: whoever is kept out altogether presses no more.
      const during = [...echoes.slice(from), performance.now() - pressedAt]
      return judgeBystander({
        p99Ms: percentile(during, 0.99),
        baselineP99Ms,
        lines: stream.lines() - linesBefore,
        broken: ended === undefined ? stream.broken() : `the end of its session: ${ended}`,
      })
    },
    close() {
      isOpen = false
      typist.close()
      reader.close()
    },
  }
}

export function judgeBystander({ p99Ms, baselineP99Ms, lines, broken }: BystanderFigures): Verdict {
  const max = Math.max(ECHO_P99_MS_MAX, 2 * baselineP99Ms)
  return {
    slow: p99Ms > max ? [`a bystander's echo took ${Math.round(p99Ms)} ms at p99, ${Math.round(max)} are allowed`] : [],
    failed: [
      ...(broken === undefined ? [] : [`a bystander's stream broke at ${broken}`]),
      ...(lines === 0 ? ["a bystander's stream stood still"] : []),
    ],
  }
}

/** Checks the lines of {@link STREAM} as they come, in whatever pieces. */
export function streamCheck() {
  let [rest, n, x] = ['', 0, 1]
  let broken: string | undefined
  let isBegun = false
  return {
    add(text: string): void {
      const lines = (rest + text).split('\r\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        // What a prompt printed before the program began is not its own.
        isBegun ||= line.endsWith('0 1')
        if (!isBegun) continue
        if (line !== `${n} ${x}` && !(n === 0 && line.endsWith('0 1')))
          broken ??= `line ${n}: ${JSON.stringify(line.slice(0, 100))}`
        n++
        x = Number((BigInt(x) * 1103515245n + 12345n) % 2147483648n)
      }
    },
    lines: () => n,
    broken: () => broken,
  }
}
