/**
 * bpf, io_uring, keys, modules, handles and whatever else has been the way out of a container, by the machine's own door
 * and, on x86, by those of 32-bit (int 0x80) and x32 programs: Compiler Explorer found its filter misread such calls.
 * Expected: EPERM or ENOSYS for each; the foreign doors kill or do not exist.
 */
import type { Attack } from '../attack.ts'
import { errnoTable } from '../golden.ts'

const own = errnoTable('forbidden')
const foreign = errnoTable('foreign')

export const attack: Attack = {
  number: 41,
  what: 'Calls into the kernel that no visitor needs, also as a 32-bit and as an x32 program',
  expected: 'both errno tables are the golden ones',
  quick: true,
  through: 'quick',
  needs: ['gcc'],
  async act(actor, scene) {
    await own(actor, scene)
    if (process.arch === 'x64') await foreign(actor, scene)
  },
}
