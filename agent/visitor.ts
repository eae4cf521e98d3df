import { existsSync, readFileSync } from 'node:fs'

import { oomScores } from './oom-scores.ts'

export const HOME = '/home/visitor'
export const VISITOR = 1000

/** Whether programs run under the agent's own id: a restricted pod has but one. docs/decisions/0021 says what that means. */
export const isOneId = process.env['DRAGOMAN_ONE_ID'] === '1'
const OTHER_ID = isOneId ? {} : { uid: VISITOR, gid: VISITOR }

/** All that a visitor's program finds in its environment. */
const ENV = {
  HOME,
  USER: 'visitor',
  LOGNAME: 'visitor',
  SHELL: '/bin/bash',
  LANG: 'C.UTF-8',
  TERM: 'xterm-256color',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/dragoman/bin',
}

// Said by the visitor's own shell: raising one's score needs no right, and root without capabilities may not write it for
// others. `cd` too, since a visitor can close its home to everybody else. When memory is short the program goes, not we.
const prelude = (oomScore: number) => `{ echo ${oomScore} >/proc/self/oom_score_adj; } 2>/dev/null; cd; unset OLDPWD\n`
// A task goes before the program: a language server that grew too large must not cost what somebody runs.
const OOM_SCORES = oomScores(Number(readFileSync('/proc/self/oom_score_adj', 'latin1')))

const SHELL = existsSync('/bin/bash') ? '/bin/bash' : '/bin/sh'

// A pipe of Bun's is a socket, and bash with a socket for its input takes itself for a remote shell and reads ~/.bashrc,
// unless it was started by another shell: the visitor's own file would come into every command beside the terminal, and a
// pipe in its place hold them up.
const ENV_BESIDE = { ...ENV, SHLVL: '1' }

/** What starting it gives, or undefined where the kernel refuses another process: the visitor may have used them up. */
export function ifThereIsRoom<Child>(spawn: () => Child): Child | undefined {
  try {
    return spawn()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'EAGAIN') return undefined
    throw error
  }
}

type Stdio = number | 'pipe' | 'ignore'
export type Visitor = Bun.Subprocess<'pipe' | 'ignore', 'pipe' | 'ignore', 'pipe' | 'ignore'>

const children = new Set<number>()

/** Children that Bun itself waits for. */
export const isOurChild = (pid: number) => children.has(pid)

/** The script as the visitor, in a session of its own, whose terminal is `terminal` (a slave's descriptor). */
export function spawnOnTerminal(script: string, terminal: number): Bun.Subprocess {
  return spawn(
    ['/usr/bin/setsid', '-c', SHELL, '-c', prelude(OOM_SCORES.program) + script.trimEnd()],
    terminal,
    terminal,
    terminal,
  )
}

type Beside = {
  readonly stdin: 'pipe' | 'ignore'
  readonly stdout: 'pipe' | 'ignore'
  /** Absent: it goes where the output goes. */
  readonly stderr?: 'pipe'
}

/** The script as the visitor, in a session of its own without a terminal. */
export function spawnBeside(script: string, { stdin, stdout, stderr }: Beside): Visitor {
  const lines = [stderr ? '' : 'exec 2>&1\n', prelude(OOM_SCORES.task), script.trimEnd()]
  const command = ['/usr/bin/setsid', SHELL, '-c', lines.join('')]
  return spawn(command, stdin, stdout, stderr ?? 'ignore', ENV_BESIDE) as Visitor
}

/** A small script of ours as the visitor, by the quickest shell, with arguments. */
export function spawnHelper(script: string, args: readonly string[]): Bun.Subprocess {
  return spawn(['/bin/sh', '-c', script, 'sh', ...args], 'ignore', 'ignore', 'ignore')
}

/** How a child ended that has. */
export const statusOf = ({ exitCode, signalCode }: Bun.Subprocess): { signal: string } | { code: number } =>
  signalCode === null ? { code: exitCode ?? 0 } : { signal: String(signalCode) }

function spawn(cmd: string[], stdin: Stdio, stdout: Stdio, stderr: Stdio, env: Record<string, string> = ENV): Bun.Subprocess {
  const child = Bun.spawn(cmd, { stdin, stdout, stderr, cwd: '/', env, ...OTHER_ID })
  children.add(child.pid)
  void child.exited.finally(() => children.delete(child.pid))
  return child
}
