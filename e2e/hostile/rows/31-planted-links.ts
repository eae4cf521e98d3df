/**
 * Links planted where the program's text is written next: to a file of the host by its path, to /proc/self/mem, to
 * /dev/full, to the agent's own folder, through a folder that is a link. This is how Judge0 was left three times
 * (CVE-2024-28185 and its two successors). Expected: the writer, who has the visitor's own rights, replaces the link or is
 * refused; what it pointed at is unchanged.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'

import type { Attack } from '../attack.ts'
import { sh } from '../programs.ts'

const HOST_FILE = '/etc/passwd'
const TARGETS = [
  HOST_FILE,
  '/proc/self/mem',
  '/proc/1/mem',
  '/proc/1/root/etc/passwd',
  '/dev/full',
  '/run/dragoman/x',
  '/usr/bin/id',
  '.',
]

const RUNS_EACH = 4

export const attack: Attack = {
  number: 31,
  what: 'Plants links at every path that is written for it',
  expected: 'replaced or refused with a typed error; what they point at is unchanged',
  quick: true,
  async act(actor, { expect, open }) {
    const before = hashOf(HOST_FILE)
    let visitor = actor
    for (const [n, target] of TARGETS.entries()) {
      // A burst of runs is allowed to one session, and no more.
      if (n % RUNS_EACH === RUNS_EACH - 1) visitor = await open()
      await visitor.run(sh(`rm -f main.sh; ln -s ${target} main.sh; rm -rf folder; ln -s /etc folder`))
      const run = await visitor.call<{ job: number }>('run', {
        files: sh('echo still $((6 * 7)); test -L main.sh && echo linked'),
      })
      expect(run.ok || run.error.code === 'file_refused', `a link to ${target} was answered ${JSON.stringify(run)}`)
      if (run.ok) {
        await visitor.ended(run.value.job)
        expect(!visitor.output().includes('\nlinked'), `a link to ${target} stayed where a program was written`)
      }
    }
    const other = await open()
    await other.run(sh('rm -rf folder; ln -s /etc folder; ln -s / root'))
    for (const path of ['folder/passwd', 'root/tmp/../etc/passwd', '../../etc/passwd', '/etc/passwd', 'root/usr/bin/id']) {
      const answer = await other.call('run', { files: [...sh('true'), { path, text: 'owned::0:0::/:/bin/sh\n' }] })
      expect(!answer.ok, `${path} was written`)
      const code = answer.ok ? 'ok' : answer.error.code
      expect(['file_refused', 'bad_file_name', 'bad_message'].includes(code), `${path} was answered ${code}`)
    }
    const { output } = await other.run(sh('cat /etc/passwd'))
    expect(!output.includes('owned'), "the sandbox's passwd was changed")
    expect(hashOf(HOST_FILE) === before, "the host's passwd was changed")
  },
}

const hashOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')
