/**
 * Reads what every process shows of itself: environment, command line, descriptors. On a shared machine without a pid
 * namespace this is how tokens leak. Expected: only this session's own processes are there, the agent's environment is
 * shut, and no secret is in the transcript.
 */
import type { Attack } from '../attack.ts'
import { said, sh } from '../programs.ts'

/** The agent, the shell and what it starts here. */
const PROCESSES_MAX = 8

const READ = `
for process in /proc/[0-9]*; do
  pid=\${process#/proc/}
  echo "= $pid $(stat -c %u $process 2>&-)"
  cat $process/environ $process/cmdline $process/stack $process/syscall $process/auxv 2>&- | tr '\\0' '\\n'
  ls -l $process/fd $process/cwd $process/exe $process/map_files 2>&-
done
cat /proc/1/environ && echo "= agent open"
cat /proc/1/task/*/environ && echo "= agent open"
cat /dev/shm/* /tmp/* /run/dragoman/* /run/dragoman/*/* 2>&-`

export const attack: Attack = {
  number: 12,
  what: 'Reads environ, cmdline and fd of every process it sees',
  expected: 'it sees its own session alone, and no secret',
  quick: true,
  through: 'full',
  async act(actor, { expect, box: look }) {
    const box = await look(actor)
    const { output } = await actor.run(sh(READ))
    const seen = said(output)
    expect(!seen.includes('agent open'), "the agent's environment was open")
    expect(seen.length > 1 && seen.length <= PROCESSES_MAX, `it saw ${seen.length} processes: ${seen.join(', ')}`)
    const strangers = seen.filter((line) => !/^(1 0|\d+ (1000)?)$/.test(line))
    expect(strangers.length === 0, `it saw strangers: ${strangers.join(', ')}`)
    // The kernel gives out numbers below 300 once, at its start: a sandbox's own few are below, the host's are not.
    expect(!seen.some((line) => line.startsWith(`${box.agentPid} `)), 'it saw a process by its number on the host')
  },
}
