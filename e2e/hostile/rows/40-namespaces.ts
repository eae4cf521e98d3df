/**
 * New namespaces: the usual first step of a kernel exploit, since an ordinary user holds all capabilities in its own.
 * Expected: EPERM for each; clone3 is ENOSYS, so that a libc falls back to clone.
 */
import type { Attack } from '../attack.ts'
import { errnoTable } from '../golden.ts'

export const attack: Attack = {
  number: 40,
  what: 'unshare, clone, clone3 and setns for namespaces of every kind',
  expected: 'the errno table is the golden one: EPERM for each; clone3 is ENOSYS, so that a libc falls back to clone',
  quick: true,
  through: 'quick',
  needs: ['gcc'],
  act: errnoTable('namespaces'),
}
