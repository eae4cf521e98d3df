/**
 * Makes devices, and opens those there are: memory, disks, the hypervisor's, the kernel's log. Expected: none can be made,
 * and those that open are exactly the harmless ones.
 */
import type { Attack } from '../attack.ts'
import { perl, said, WALK } from '../programs.ts'

/** Random numbers, emptiness and the visitor's own terminals. */
const HARMLESS = ['/dev/full', '/dev/null', '/dev/ptmx', '/dev/pts/ptmx', '/dev/random', '/dev/tty', '/dev/urandom', '/dev/zero']
/** The terminal's own number differs. */
const OWN_TERMINAL = /^\/dev\/(pts\/\d+|std(in|out|err)|fd\/\d+|console)$/

const DEVICES = `
use Errno; no warnings;${WALK}
sub name { (grep { $!{$_} } keys %!)[0] }
# Type and number: memory, kmsg, the first disks, loop, kvm, fuse, tun, rtc, vfio, vsock, a terminal of the host.
for (['c', 1, 1], ['c', 1, 2], ['c', 1, 4], ['c', 1, 11], ['b', 254, 0], ['b', 8, 0], ['b', 259, 0], ['b', 7, 0], ['c', 10, 232],
     ['c', 10, 229], ['c', 10, 200], ['c', 10, 135], ['c', 10, 196], ['c', 4, 0], ['c', 5, 1], ['c', 0, 0]) {
  my ($type, $major, $minor) = @$_;
  my $answer = system("mknod made $type $major $minor 2>/dev/null") == 0 ? 'made' : 'refused';
  $answer = 'open' if $answer eq 'made' && open my $device, '<', 'made';
  unlink 'made';
  print "= mknod $type $major $minor: $answer\\n" unless $answer eq 'refused' || ($major == 0 && $answer eq 'made');
}
my @named = map { "/dev/$_" } qw(mem kmem port kmsg vda sda nvme0n1 loop0 loop-control kvm fuse net/tun vsock vhost-vsock vhost-net
  mapper/control rtc0 nvram cpu_dma_latency uinput input/event0 snapshot autofs btrfs-control hwrng tty0 tty1 ttyS0 hvc0 console
  dri/card0 watchdog userfaultfd udmabuf dma_heap/system);
my @there;
walk('/dev', sub { push @there, $_[0] if !-d $_[0]; 0 });
my %seen;
for my $device (grep { !$seen{$_}++ } @named, @there) {
  for my $mode ('<', '+<') { if (open my $handle, $mode, $device) { print "= open $device\\n"; last } }
}`

export const attack: Attack = {
  number: 36,
  what: 'mknod, and every device it can name',
  expected: 'no device is made, and only the harmless ones open',
  quick: true,
  through: 'full',
  async act(actor, { expect }) {
    const { output } = await actor.run(perl(DEVICES))
    const lines = said(output)
    const made = lines.filter((line) => line.startsWith('mknod'))
    expect(made.length === 0, `devices were made: ${made.join(', ')}`)
    const open = lines.flatMap((line) => /^open (.*)/.exec(line)?.[1] ?? [])
    const strange = open.filter(
      (device) => !HARMLESS.includes(device) && !OWN_TERMINAL.test(device) && !device.startsWith('/dev/shm/'),
    )
    expect(open.length > 0 && strange.length === 0, `open: ${strange.join(', ') || output}`)
  },
}
