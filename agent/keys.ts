import type { InputTaker } from './input.ts'
import type { TerminalModes } from './libc.ts'
import { groupsOf } from './processes.ts'

type Terminal = InputTaker & { modes(): TerminalModes | undefined }

/**
 * Keys that interrupt, where the kernel's terminals make no signals of them (gVisor's). Nor do they tell which group of
 * processes is in front: while lines are edited by the terminal it is taken to be the youngest of the session, while they are
 * by a program (a shell at its prompt) the first.
 */
export function signalling(terminal: Terminal, session: number): InputTaker {
  return {
    write(bytes) {
      const modes = terminal.modes()
      const at = modes ? bytes.findIndex((byte) => modes.signals.has(byte)) : -1
      if (at !== 0) return terminal.write(at < 0 ? bytes : bytes.subarray(0, at))
      const groups = groupsOf(session)
      const front = modes?.editsLines ? groups.at(-1) : groups[0]
      const signal = modes?.signals.get(bytes[0] ?? 0)
      if (front !== undefined && signal) send(front, signal)
      return 1
    },
  }
}

function send(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal)
  } catch {
    // it was gone already
  }
}
