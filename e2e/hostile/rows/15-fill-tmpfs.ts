/**
 * Fills every place in memory that can be written to; without sizes each would hold half of the machine's memory
 * (bubblewrap's default for /dev, /dev/shm and /tmp). Expected: ENOSPC at the size, all of it charged to the session.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { MEMORY } from '../box.ts'
import { said, sh } from '../programs.ts'

const MIB = 1024 * 1024
const STAGED_BYTES = 16 * MIB
const PLACES = ['/dev', '/dev/pts', '/dev/shm', '/home/visitor', '/run/dragoman', '/tmp', '/var/tmp', '/run/lock', '/']

const FILL = `
for place in ${PLACES.join(' ')}; do
  said=$(dd if=/dev/zero of=$place/fill bs=1M 2>&1)
  case $said in
    *'No space left'*) echo "= $place full at $(stat -c %s $place/fill)" ;;
    *) echo "= $place $(echo "$said" | head -n 1 | sed 's/.*: //')" ;;
  esac
  [ $place = /var/tmp ] || [ $place = /tmp ] || continue
  rm -f $place/fill
done`

export const attack: Attack = {
  number: 15,
  what: 'Fills /dev, /dev/shm, /tmp and every other place',
  expected: 'ENOSPC at its size where a visitor may write at all, and charged to the session',
  quick: true,
  async act(actor, { expect, house, box: look }) {
    const box = await look(actor)
    box.assertLimits(DEFAULT_LIMITS)

    const before = box.count(...MEMORY)
    const { output } = await actor.run(sh(FILL))
    const held = box.count(...MEMORY) - before
    const { tmpBytes, homeBytes } = DEFAULT_LIMITS
    const writable: Readonly<Record<string, number>> = {
      ...{ '/dev/shm': tmpBytes, '/home/visitor': homeBytes, '/tmp': tmpBytes },
      // Within one id where files are staged, too; a pod's /var/tmp is its image's.
      ...(house === 'pods' ? { '/run/dragoman': STAGED_BYTES } : { '/var/tmp': tmpBytes }),
    }
    const sizes = new Map(said(output).map((line) => [line.split(' ')[0], line.split(' ').slice(1).join(' ')]))
    for (const place of PLACES) {
      const max = writable[place]
      const answer = sizes.get(place) ?? 'nothing'
      const size = Number(/^full at (\d+)$/.exec(answer)?.[1])
      // A mebibyte is what the program's own files may take of it.
      expect(
        max !== undefined
          ? size <= max && size > max - MIB
          : /^(Permission denied|Read-only file system|No such file or directory)$/.test(answer),
        `${place}: ${answer}`,
      )
    }
    expect(held > homeBytes && held <= DEFAULT_LIMITS.memoryBytes, `${held} bytes were charged to the session`)
  },
}
