/**
 * Fills its home with one file, then by reservation, then with ten tebibytes of holes. Expected: ENOSPC at the quota; the
 * size a file says it has is believed by nobody; a program that failed for want of room is told "disk"; a stop and a new
 * run still work, with their program's text or a typed refusal.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { said, sh } from '../programs.ts'

const ANSWER_MS_MAX = 2000

const FILL = `
cd
head -c 1T /dev/zero >one 2>&-
echo "= one $?"
echo "= used $(df -B1 --output=used . | tail -n 1)"
rm one
fallocate -l 1T two 2>&- ; echo "= reserved $?"
truncate -s 10T three && echo "= holes $(stat -c '%s %b' three)"
echo "= used $(df -B1 --output=used . | tail -n 1)"
head -c 1T /dev/zero >four 2>&-
exit 1`

export const attack: Attack = {
  number: 27,
  what: 'Fills its home: one file, a reservation, ten tebibytes of holes',
  expected: 'ENOSPC at the quota, "disk" as the reason, and the next run is answered',
  quick: true,
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const { output, ending } = await actor.run(sh(FILL))
    const lines = new Map(said(output).map((line) => [line.split(' ')[0] ?? '', line.split(' ').slice(1)]))
    const used = said(output)
      .flatMap((line) => /^used\s+(\d+)/.exec(line)?.[1] ?? [])
      .map(Number)
    expect(lines.get('one')?.[0] === '1', `filling one file answered ${lines.get('one')}: ${output}`)
    expect(used.length === 2 && used.every((bytes) => bytes <= DEFAULT_LIMITS.homeBytes), `used: ${used}`)
    expect(lines.get('reserved')?.[0] !== '0', 'more than the quota was reserved')
    const [size, blocks] = lines.get('holes')?.map(Number) ?? []
    expect(size === 10 * 1024 ** 4 && blocks === 0, `the file of holes has ${size} bytes in ${blocks} blocks`)
    expect(ending?.reason === 'disk', `it ended with ${JSON.stringify(ending)}`)

    const began = performance.now()
    const next = await actor.call('run', { files: sh('rm -f ~/four ~/three; echo still $((6 * 7))') })
    const ms = performance.now() - began
    expect(ms <= ANSWER_MS_MAX, `a run in a full home was answered after ${ms} ms`)
    expect(next.ok || next.error.code === 'file_refused', `a run in a full home was answered ${JSON.stringify(next)}`)
    if (next.ok) await actor.saw('still 42')
  },
}
