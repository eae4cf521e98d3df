/**
 * Programs that run with their owner's rights: those the host lends, and a copy of the visitor's own with the bit set.
 * Expected: no_new_privs holds, so that nobody becomes anybody else, and capabilities stay empty.
 */
import type { Attack } from '../attack.ts'
import { said, sh } from '../programs.ts'

const NO_CAPABILITIES = '0'.repeat(16)

const GAIN = `
echo "= NoNewPrivs $(grep -c 'NoNewPrivs:.1' /proc/self/status)"
cp /usr/bin/id own && chmod 6755 own && echo "= own $(./own -u) $(./own -ru)"
for shell in 'su -c id' 'sudo -n id' 'su root -c id </dev/null' 'newgrp root </dev/null'; do
  sh -c "timeout 1 $shell" 2>&- | grep -q uid=0 && echo "= root by $shell" &
done
wait
setpriv --reuid 0 id -u 2>&- | grep -qx 0 && echo "= root by setpriv"
perl -e '$> = 0; $< = 0; $( = 0; $) = 0; print "= ids $< $> ", (split " ", $()[0], "\\n"'
grep -E 'Cap(Prm|Eff|Inh|Amb)' /proc/self/status | while read -r name value; do echo "= $name $value"; done
perl -e 'printf "= raise %d\\n", syscall(${process.arch === 'x64' ? 157 : 167}, 47, 2, 21, 0, 0)'`

export const attack: Attack = {
  number: 35,
  what: 'setuid programs, of the host and of its own',
  expected: 'it stays user 1000 without a capability',
  quick: true,
  through: 'full',
  async act(actor, { expect }) {
    const { output } = await actor.run(sh(GAIN))
    const lines = said(output)
    const own = ['NoNewPrivs 1', 'own 1000 1000', 'ids 1000 1000 1000', 'raise -1']
    for (const line of own) expect(lines.includes(line), `"${line}" is missing: ${output}`)
    const gains = lines.filter((line) => line.startsWith('root by'))
    expect(gains.length === 0, gains.join(', '))
    const capabilities = lines.filter((line) => line.startsWith('Cap'))
    expect(capabilities.length === 4 && capabilities.every((line) => line.endsWith(NO_CAPABILITIES)), capabilities.join(', '))
  },
}
