/**
 * The calls that change what a process sees of file systems.
 * Expected: every one answers EPERM, or ENOSYS where the filter does not know it.
 */
import type { Attack } from '../attack.ts'
import { errnoTable } from '../golden.ts'

export const attack: Attack = {
  number: 39,
  what: 'mount, umount, pivot_root, chroot, fsopen, open_tree and their younger relatives',
  expected: 'the errno table is the golden one: every one answers EPERM, or ENOSYS where the filter does not know it',
  quick: true,
  through: 'quick',
  needs: ['gcc'],
  act: errnoTable('mounts'),
}
