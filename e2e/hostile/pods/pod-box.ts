import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Actor } from '../actor.ts'
import { type Box, boxAt, CGROUPS } from '../box.ts'
import { allPids, processesBeside } from '../processes.ts'
import { perl } from '../programs.ts'
import { pause } from '../until.ts'

/** The program by which a pod is found is seen by then, if it is here at all. */
const SHOWN_SECONDS = 5
const LOOK_MS = 50

/** The actor's pod as its node sees it; undefined where that is another machine. Its processes are counted around it. */
export async function podBoxOf(actor: Actor): Promise<Box | undefined> {
  const marker = randomBytes(8).toString('hex')
  let isOver = false
  // It says something, so that what comes next begins on a line of its own.
  const running = actor.run(perl(`$| = 1; print "found\\n"; sleep ${SHOWN_SECONDS}`, marker)).finally(() => (isOver = true))
  let marked: number | undefined
  while (!isOver && marked === undefined) {
    marked = allPids().find((pid) => text(`/proc/${pid}/cmdline`).includes(marker))
    await pause(LOOK_MS)
  }
  const agent = marked === undefined ? undefined : processesBeside(marked)().find(({ pid }) => isFirst(pid))
  if (marked !== undefined) process.kill(marked, 'SIGKILL')
  await running
  return agent && boxAt(agent.pid, groupsOf(agent.pid), { isCountedOutside: true })
}

/** Whether it is process 1 of its namespace. */
const isFirst = (pid: number) => /^NSpid:.*\t1$/m.test(text(`/proc/${pid}/status`))

/** One folder for each hierarchy, of version 1, and the one of version 2. */
function groupsOf(pid: number): string[] {
  const lines = text(`/proc/${pid}/cgroup`).trimEnd().split('\n')
  return lines
    .flatMap((line) => {
      const [, controllers = '', ...path] = line.split(':')
      const hierarchies = controllers === '' ? ['', 'unified'] : controllers.split(',')
      return hierarchies.map((name) => join(CGROUPS, name.replace('name=', ''), path.join(':')))
    })
    .filter((folder) => existsSync(folder))
}

function text(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return '' // it ended meanwhile, or is a thread of the kernel
  }
}
