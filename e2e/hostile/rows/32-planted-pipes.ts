/**
 * Pipes, folders, devices and loops at every path that something else reads or opens next: the program's file, its folder,
 * the files a shell reads at its start, the home itself shut. Expected: every request is answered within two seconds, with
 * its program run or a typed refusal, and the session can still be stopped.
 */
import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'

const ANSWER_MS_MAX = 2000

const PLANTS = [
  'rm -f main.sh; mkfifo main.sh',
  'rm -f main.sh; mkdir -p main.sh/full',
  'rm -rf main.sh; ln -s main.sh main.sh',
  'rm -rf main.sh; ln -s /dev/tty main.sh',
  'for file in .bashrc .profile .bash_profile .inputrc .bash_history; do mkfifo $file; done',
  'rm -rf main.sh; mkdir deep; mkfifo deep/main.sh; ln -s deep/main.sh main.sh',
  'rm -rf main.sh; chmod 000 .',
]

export const attack: Attack = {
  number: 32,
  what: 'Plants pipes, folders and loops at every path that is read or written next',
  expected: 'each request is answered within two seconds',
  quick: true,
  async act(actor, { expect, open }) {
    for (const [n, plant] of PLANTS.entries()) {
      const visitor = n === 0 ? actor : await open()
      await visitor.run(sh(plant))
      const began = performance.now()
      const run = await visitor.call<{ job: number }>('run', { files: sh('echo still $((6 * 7))') })
      const task = await visitor.task().catch((error: unknown) => ({ ok: false, error: { code: String(error) } }) as const)
      const ms = performance.now() - began
      expect(ms <= ANSWER_MS_MAX, `after "${plant}" the answers took ${ms} ms`)
      expect(run.ok || run.error.code === 'file_refused', `after "${plant}" a run was answered ${JSON.stringify(run)}`)
      expect(task.ok || task.error.code === 'no_such_task', `after "${plant}" a task was answered ${JSON.stringify(task)}`)
      if (run.ok) await visitor.stop()
    }
  },
}
