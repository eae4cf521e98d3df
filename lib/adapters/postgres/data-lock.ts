import { readFileSync, rmSync, writeFileSync } from 'node:fs'

import { processMark } from './processes.ts'

export type DataLock = { release(): void }

/**
 * Takes a data folder for this process; throws when another living one has it. The lock of a process that was killed is
 * recognised by its pid and start time, and taken over.
 */
export function lockData(path: string): DataLock {
  const ours = processMark(process.pid) ?? String(process.pid)
  for (let attempt = 1; attempt <= 2; attempt++) {
    try {
      writeFileSync(path, ours, { flag: 'wx' })
      return { release: () => rmSync(path, { force: true }) }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const theirs = readFileSync(path, 'utf8')
    const pid = Number.parseInt(theirs, 10)
    if (processMark(pid) === theirs) throw new Error(`Cannot take ${path}: process ${pid} is using it`)
    rmSync(path, { force: true })
  }
  throw new Error(`Cannot take ${path}: another process is just doing it`)
}

/** Whether a living process has the data folder. */
export function dataIsTaken(path: string): boolean {
  try {
    const theirs = readFileSync(path, 'utf8')
    return processMark(Number.parseInt(theirs, 10)) === theirs
  } catch {
    return false // nobody has taken it
  }
}
