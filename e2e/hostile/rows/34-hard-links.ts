/**
 * Hard links to files that are read only, then chmod, chown and writing through the link; and the files themselves. What
 * the sandbox shows of the host must never change. Expected: EPERM, EXDEV or EROFS, and the same bytes on the host.
 */
import { createHash } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'

import type { Attack } from '../attack.ts'
import { perl, said } from '../programs.ts'
import type { House } from '../scene.ts'

/** Programs and a library that every sandbox sees, as the host has them. */
const FILES = ['/usr/bin/id', '/usr/bin/bash', '/usr/bin/perl', '/usr/bin/env', '/usr/lib/os-release']

/** Where programs see the agent. */
const AGENT_FILE: Readonly<Record<House, string>> = { machine: '/dragoman-agent', pods: '/opt/dragoman-agent/dragoman-agent' }
/** Of one file: three links and seven changes. */
const ATTEMPTS = 10

const LINK = `
use Errno;
sub say { my ($what, $done) = @_; print "= $what: ", $done ? 'done' : (grep { $!{$_} } keys %!)[0], "\\n" }
for my $file (@ARGV) {
  for my $to ("/home/visitor/link", "/tmp/link", "/dev/shm/link") { say("link $file", link $file, $to); unlink $to }
  say("chmod $file", chmod 0777, $file);
  say("chown $file", chown 1000, 1000, $file);
  say("write $file", open my $out, '>>', $file);
  say("truncate $file", truncate $file, 0);
  say("unlink $file", unlink $file);
  say("rename $file", rename $file, "$file.old");
  say("utime $file", utime 1, 1, $file);
}`

export const attack: Attack = {
  number: 34,
  what: 'Hard links to read-only files, then changes through them',
  expected: 'refused each time; the files of the host have the same bytes and modes',
  quick: true,
  through: 'full',
  async act(actor, { expect, house }) {
    const before = FILES.map(factsOf)
    const targets = [...FILES, AGENT_FILE[house], '/etc/passwd']
    const { output } = await actor.run(perl(LINK, ...targets))
    const lines = said(output)
    expect(lines.length === targets.length * ATTEMPTS, `it printed ${lines.length} lines: ${output.slice(0, 500)}`)
    for (const line of lines) expect(/: (EPERM|EXDEV|EROFS|EACCES|ETXTBSY)$/.test(line), line)
    expect(FILES.map(factsOf).join() === before.join(), 'a file of the host was changed')
  },
}

function factsOf(file: string): string {
  const { mode, uid, mtimeMs, nlink } = statSync(file)
  return [createHash('sha256').update(readFileSync(file)).digest('hex'), mode, uid, mtimeMs, nlink].join(' ')
}
