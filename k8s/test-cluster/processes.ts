import { spawn } from 'node:child_process'
import { closeSync, globSync, openSync, readFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'

import type { Program } from './programs.ts'

const POLL_MS = 100
/** What does not end by then is killed. */
const END_MS_MAX = 10_000

/** Starts it in a session of its own, its output in `NAME.log` beside its pid: it outlives the one that started it. */
export async function startProgram(run: string, { name, command, args }: Program): Promise<void> {
  const log = openSync(join(run, `${name}.log`), 'w')
  const child = spawn(command, args, { cwd: run, detached: true, stdio: ['ignore', log, log] })
  closeSync(log)
  await new Promise<void>((done, failed) => child.once('spawn', done).once('error', failed))
  child.unref()
  await writeFile(join(run, `${name}.pid`), String(child.pid))
}

/** Ends it if its pid is still that of a program of this run, whichever checkout started it; may be asked again. */
export async function endProgram(run: string, { name }: Program): Promise<void> {
  const pid = Number(await readFile(join(run, `${name}.pid`), 'utf8').catch(() => ''))
  const isIt = () => pid > 0 && words(pid).some((word) => word.includes(`${run}/`))
  if (!isIt()) return
  process.kill(pid, 'SIGTERM')
  if (await cameTrue(END_MS_MAX, () => !isIt())) return
  process.kill(pid, 'SIGKILL')
}

/** Processes of the run by what they were called with. */
export const pidsWith = (isOne: (words: readonly string[]) => boolean): number[] =>
  globSync('/proc/[0-9]*')
    .map((path) => Number(path.slice('/proc/'.length)))
    .filter((pid) => isOne(words(pid)))

/** Kills all processes of a control group and of those below it, of whatever hierarchy. */
export function killGroup(folder: string): void {
  for (const path of globSync(`${folder}/**/cgroup.procs`)) {
    for (const pid of text(path).split('\n').filter(Boolean)) signal(Number(pid))
  }
}

/** Asks until it is so; answers whether it ever was. */
export async function cameTrue(msMax: number, isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const until = performance.now() + msMax
  for (;;) {
    if (await isSo()) return true
    if (performance.now() > until) return false
    await setTimeout(POLL_MS)
  }
}

export function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended meanwhile.
  }
}

const words = (pid: number) => text(`/proc/${pid}/cmdline`).split('\0').slice(0, -1)

function text(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return '' // the process is gone
  }
}
