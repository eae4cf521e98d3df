/**
 * Opens files until no more may be, and looks at what it inherited: a descriptor left open by a runtime leads out of every
 * container (CVE-2024-21626). Expected: EMFILE at the limit; at the start 0, 1 and 2 on its own terminal and no other.
 */
import { DEFAULT_LIMITS } from '#lib/domain/limits.ts'

import type { Attack } from '../attack.ts'
import { perl, said } from '../programs.ts'

const OPEN = `
use Errno;
# The highest is this very folder, the one before it this very program.
opendir my $folder, '/proc/self/fd';
my @seen = map { "$_ " . readlink "/proc/self/fd/$_" } grep { /^\\d+$/ } readdir $folder;
closedir $folder;
print "= fd $_\\n" for @seen;
print "= cwd ", readlink('/proc/self/cwd'), "\\n";
my @kept;
while (open my $file, '<', '/dev/null') { push @kept, $file }
my $name = (grep { $!{$_} } keys %!)[0];
@kept = @kept[0 .. @kept - 20] if @kept > 20;
print "= opened ", fileno($kept[-1]) < 10_000 ? 'few' : 'many', " $name\\n";
open my $limits, '<', '/proc/self/limits';
/^Max open files\\s+(\\d+)\\s+(\\d+)/ && print "= limit $1 $2\\n" while <$limits>;`

export const attack: Attack = {
  number: 46,
  what: 'Opens descriptors without end, and looks at those it inherited',
  expected: 'EMFILE at the limit, and nothing inherited but its terminal',
  quick: true,
  async act(actor, { expect }) {
    const { output } = await actor.run(perl(OPEN))
    const lines = said(output)
    const { openFiles } = DEFAULT_LIMITS
    expect(lines.includes(`limit ${openFiles} ${openFiles}`), `the limit: ${lines.at(-1)}`)
    expect(lines.includes('opened few EMFILE'), `opening: ${output.slice(-300)}`)
    expect(lines.includes('cwd /home/visitor'), `it began elsewhere: ${lines.find((line) => line.startsWith('cwd'))}`)
    const fds = lines.flatMap((line) => /^fd (.*)/.exec(line)?.[1] ?? [])
    const own = [/^[012] \/dev\/pts\/\d+$/, /^\d+ \/home\/visitor\/program\.pl$/, /^\d+ \/proc\/\d+\/fd$/]
    const strange = fds.filter((fd) => !own.some((form) => form.test(fd)))
    expect(fds.length >= 3 && strange.length === 0, `inherited: ${strange.join(', ')}`)
  },
}
