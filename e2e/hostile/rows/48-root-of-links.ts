/**
 * Looks over the root that it was given for a way out: folders of the system that are links (CVE-2026-41579 and -47766 were
 * images whose `/dev` was one), folders above that it may change, entries that are no files, and links in the languages'
 * tools that lead out of them. There are no images of strangers yet; what is looked at is what every sandbox has.
 * Expected: folders are folders, of root, and may not be changed; what is writable is a tmpfs of its own, without devices
 * and other people's rights; nothing below can be made a link either.
 */
import type { Attack } from '../attack.ts'
import { perl, said, WALK } from '../programs.ts'

const FOLDERS = [
  '/',
  '/dev',
  '/dev/pts',
  '/proc',
  '/etc',
  '/usr',
  '/usr/bin',
  '/home',
  '/tmp',
  '/run',
  '/run/dragoman',
  '/var',
  '/var/lib',
  '/opt',
]
/** Where the visitor may make what it likes. */
const OWN = ['/home/visitor', '/tmp', '/dev/shm']
/** Of mounts; a cluster's are without, and rights and devices are kept off by other means (rows 35 and 36). */
const FLAGS = ['nosuid', 'nodev']
/** Where files are staged, within one id; and a folder of the image, for all to write to if it were not read-only. */
const OPEN_IN_PODS = ['/run/dragoman', '/var/tmp']

const LOOK = `
use Errno; use POSIX (); use Fcntl ':mode'; no warnings;${WALK}
sub name { (grep { $!{$_} } keys %!)[0] || 'done' }
for my $folder (${[...FOLDERS, ...OWN].map((folder) => `'${folder}'`).join(', ')}) {
  my @stat = lstat $folder;
  print "= kind $folder ", -l _ ? 'link' : -d _ ? 'folder' : 'other', " $stat[4]\\n";
}
for my $folder (grep { $_ ne '/tmp' } ${FOLDERS.map((folder) => `'${folder}'`).join(', ')}) {
  $! = 0; symlink '/proc/1/root', "$folder/planted"; print "= plant $folder ", name(), "\\n"; unlink "$folder/planted";
  $! = 0; rename $folder, "$folder.old" unless $folder eq '/'; print "= move $folder ", $folder eq '/' ? 'EBUSY' : name(), "\\n";
}
walk('/', sub {
  local ($_) = @_;
  return 1 if m{^/(proc|sys|dev|home/visitor|tmp|usr)$};
  my @stat = lstat or return 1;
  print "= odd $_\\n" if !-f _ && !-d _ && !-l _;
  print "= rights $_\\n" if -f _ && $stat[2] & (S_ISUID | S_ISGID);
  print "= own $_\\n" if $stat[4] == $> || (!-l _ && $stat[2] & S_IWOTH);
  return 0;
});
walk('/opt/dragoman', sub {
  local ($_) = @_;
  return 0 unless -l;
  my $to = readlink; my ($at) = m{^(.*)/};
  my $whole = $to =~ m{^/} ? $to : "$at/$to";
  1 while $whole =~ s{/\\.(?=/|$)}{} || $whole =~ s{[^/]+/\\.\\.(/|$)}{};
  print "= leads $_ $whole\\n" unless $whole =~ m{^/(opt/dragoman|usr)(/|$)};
  return 0;
}) if -d '/opt/dragoman';
open my $mounts, '<', '/proc/self/mountinfo';
while (<$mounts>) { my @of = split; print "= mount $of[4] $of[5]", (POSIX::access($of[4], 2) ? ' open' : ''), "\\n" }
print "= cwd ", readlink('/proc/self/cwd'), "\\n";
exit 1`

export const attack: Attack = {
  number: 48,
  what: 'Folders that are links, folders that can be changed, odd entries, and links that lead out',
  expected: 'none of them; what is writable is its own, without devices and rights',
  quick: true,
  async act(actor, { expect, house }) {
    const pod = house === 'pods'
    const { output } = await actor.run(perl(LOOK))
    const told = (what: string) =>
      said(output).flatMap((line) => (line.startsWith(`${what} `) ? [line.slice(what.length + 1)] : []))
    const kindOf = (folder: string) =>
      told('kind')
        .find((kind) => kind.startsWith(`${folder} `))
        ?.slice(folder.length + 1)
    // Of root inside, or of somebody outside who has no number here.
    for (const folder of FOLDERS) expect(/^folder (0|65534)$/.test(kindOf(folder) ?? ''), `${folder} is ${kindOf(folder)}`)
    for (const folder of OWN) expect(kindOf(folder)?.startsWith('folder ') === true, `${folder} is ${kindOf(folder)}`)
    for (const what of ['plant', 'move']) {
      const done = told(what).filter(
        (line) => !/ (EACCES|EROFS|EPERM|EBUSY|ENOENT)$/.test(line) && !(pod && line === '/run/dragoman done'),
      )
      expect(told(what).length === FOLDERS.length - 1 && done.length === 0, `${what}: ${done.join(', ') || output.slice(-500)}`)
    }
    for (const what of ['odd', 'rights', 'own', 'leads']) {
      const found = told(what).filter((path) => !(pod && what === 'own' && OPEN_IN_PODS.includes(path)))
      expect(found.length === 0, `${what}: ${found.slice(0, 5).join(', ')}`)
    }
    const mounts = told('mount').map((line) => line.split(' '))
    for (const folder of OWN) {
      const flags = mounts.find(([at]) => at === folder)?.[1]?.split(',') ?? []
      expect(
        flags.length > 0 && (pod || FLAGS.every((flag) => flags.includes(flag))),
        `${folder} is mounted ${flags.join(',') || 'not at all'}`,
      )
    }
    const writable = mounts.filter(
      ([at = '', flags = '', access]) =>
        (!pod || access === 'open') &&
        flags.split(',').includes('rw') &&
        !/^\/(proc|dev|home\/visitor|tmp|run\/dragoman)(\/|$)/.test(at),
    )
    expect(writable.length === 0, `mounts that can be written to: ${writable.join(' ')}`)
    expect(told('cwd').join() === '/home/visitor', `it began in ${told('cwd').join()}`)
  },
}
