import type { showcase, Shown } from './showcase.ts'

const ESC = '\u001b'

/** What a package's recipe says; the failing one complains in the middle. */
const words = (error?: string) =>
  [
    `${ESC}[1m==> Unpacking${ESC}[0m`,
    ...Array.from(
      { length: 60 },
      (_, n) => `Get:${n + 1} http://deb.debian.org/debian trixie/main amd64 lib${n}-dev amd64 [${40 + n} kB]`,
    ),
    'Progress: 10%\rProgress: 55%\rProgress: 100%',
    `${ESC}[32m✓${ESC}[0m Setting up 61 packages`,
    `${ESC}[33mwarning:${ESC}[0m 2 deprecated options`,
    ...(error === undefined ? [] : [`${ESC}[1;31merror:${ESC}[0m ${error}`, 'make: *** [Makefile:12: all] Error 2']),
    `${ESC}]0;a title that a terminal would take${ESC}\\ Done`,
  ].join('\n') + '\n'

const PACKAGES = { gcc: '14.2.0-19', 'libc6-dev': '2.41-12', make: '4.4.1-2' }

const LANGUAGES: Readonly<Record<string, readonly Shown[]>> = {
  ada: [{ version: 'GNAT 14.2.0', bytes: 412_000_000, daysAgo: 12 }],
  bash: [{ version: 'GNU bash, version 5.2.37', bytes: 96_000_000, daysAgo: 3 }],
  brainfuck: [{ version: 'bf 20041219', bytes: 92_400_000, base: 'old', agent: '1.0.0', daysAgo: 120 }],
  c: [{ version: 'gcc 14.2.0', bytes: 331_000_000, daysAgo: 9, packages: PACKAGES }],
  'c++': [{ version: 'g++ 14.2.0', bytes: 348_000_000, daysAgo: 8 }],
  haskell: [{ version: 'GHC 9.10.3', bytes: 1_240_000_000, daysAgo: 1, log: words() }],
  lua: [
    { version: 'Lua 5.4.7', bytes: 93_100_000, daysAgo: 31, packages: { lua5: '5.4.7-1', libreadline8: '8.2-6' } },
    { version: 'Lua 5.4.8', bytes: 93_900_000, daysAgo: 2, packages: { lua5: '5.4.8-1', 'liblua5-dev': '5.4.8-1' } },
  ],
  python: Array.from({ length: 14 }, (_, n) => ({
    version: n < 9 ? 'Python 3.13.5' : 'Python 3.13.7',
    bytes: 178_000_000 + n * 1_900_000,
    daysAgo: 29 - 2 * n,
    packages: { python3: n < 9 ? '3.13.5-1' : '3.13.7-1', 'python3-pip': '25.1', ...(n < 12 && { libexpat1: '2.7.1-2' }) },
    log: words(),
    ...(n === 6 && { checks: { ensure: 'ok', run: 'ok', repl: 'timeout', runrepl: 'ok' } as const }),
  })),
  intercal: [{ version: 'C-INTERCAL 0.30', bytes: 94_000_000, base: 'old', daysAgo: 140, checks: { run: 'ok' } }],
}

/** A workshop in the middle of its work: some languages live, one old, one broken, one hostile, one being built. */
export async function fillWorkshop(shop: Awaited<ReturnType<typeof showcase>>) {
  for (const [name, builds] of Object.entries(LANGUAGES)) {
    for (const [at, shown] of builds.entries()) {
      await shop.build(
        name,
        at > 0 || builds.length < 2 ? shown : { ...shown, config: `id: ${name}\nname: Before\nrun: |\n  old way\n` },
      )
      const isGood = !shown.checks || Object.values(shown.checks).every((outcome) => outcome === 'ok')
      if (isGood) await shop.promote(name, shown.daysAgo)
    }
  }
  const broken = await shop.build('haskell', { log: words('Cannot satisfy -package base-4.99'), fails: 'make ended with 2' })
  await shop.build('evil', {
    version: '<img src=x onerror=alert(1)> \u202egnp.exe',
    config: 'id: evil\nname: "<script>alert(1)</script>" # \u202e turned\nrun: |\n  printf \'\\e[31m</code>\'\n',
  })
  const going = await shop.request('dc')
  const leased = await shop.lease()
  await shop.say(leased, 0, words())
  await shop.request('jq')
  return { broken, going, leased }
}
