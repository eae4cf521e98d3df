/**
 * Every door into another process's memory: ptrace, process_vm_readv and writev, /proc/1/mem, its descriptors and its
 * root. An agent with the visitor's own id would be open to all of them. Expected: each is refused.
 */
import { errnoTable } from '../golden.ts'
import type { Attack } from '../attack.ts'

export const attack: Attack = {
  number: 11,
  what: "ptrace, process_vm_readv and /proc/1/mem on the agent's process",
  expected: 'the errno table is the golden one: every door is shut',
  quick: true,
  through: 'full',
  needs: ['gcc'],
  act: errnoTable('trace'),
}
