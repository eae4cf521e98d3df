import { readdirSync, readFileSync } from 'node:fs'

/** Descriptors of this process: how many are open, and how many it may have, which others may change while it runs. */
export function openFiles(): { open: number; max: number } {
  const [, max = ''] = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? []
  return { open: readdirSync('/proc/self/fd').length, max: max === 'unlimited' ? Infinity : Number(max) }
}
