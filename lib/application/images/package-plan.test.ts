import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

import { planPackage } from './package-plan.ts'
import { quoted, quotedPattern } from './shell-words.ts'

const plan = (install: Parameters<typeof planPackage>[0]) => {
  const made = planPackage(install)
  if (!made.ok) throw new Error(made.error.why)
  return made.value
}

test('a config that only names packages runs nothing, whatever it prepares', () => {
  expect(plan({ apt: ['lua5.4'], prepare: { apt: ['gcc'] } })).toEqual({
    depends: ['lua5.4'],
    buildApt: [],
    script: undefined,
    files: {},
    registries: [],
    withTools: false,
  })
  expect(plan({ manualInstall: 'true' }).script).toBeUndefined()
})

test('each kind names its registry and the Debian packages that it is made with', () => {
  const each = plan({ apt: ['a1'], npm: ['x'], pip: ['x'], gem: ['x'], cpan: ['X'], cargo: ['x'], opam: ['x'] })
  expect(each.registries).toEqual(['npm', 'pip', 'gem', 'cpan', 'cargo', 'opam'])
  expect(each.buildApt).toEqual(expect.arrayContaining(['a1', 'python3-pip', 'ruby', 'cpanminus', 'cargo', 'opam']))
  expect(each.depends).toEqual(['a1', 'libstdc++6', 'python3', 'ruby', 'perl', 'libgcc-s1'])
  expect(plan({ manual: 'true' })).toMatchObject({ registries: [], buildApt: [] })
})

test('a source of opam is a pin, which Git fetches where it has to; of its root only the programs that are named are taken', () => {
  const source = "https://x.org/it's.tar.gz"
  const { script, buildApt } = plan({ opam: ['a.1.0', { name: 'b', source, binaries: ['c', 'd'] }] })
  expect(script).toContain(`pin add --no-action -- 'b' 'https://x.org/it'\\''s.tar.gz'\nopam install -- 'a.1.0' 'b'\n`)
  expect(script?.match(/(?<=bin\/)'.'/g)).toEqual(["'a'", "'c'", "'d'"])
  expect(buildApt).not.toContain('git')
  const byGit = { name: 'b', source: 'git+https://x.org/b#main', binaries: [] }
  expect(plan({ prepare: { opam: [byGit] }, manual: 'true' }).buildApt).toContain('git')
})

test('shell of a config is a file that is run, and no line of the script', () => {
  const { script, files } = plan({ prepare: { manual: 'one' }, manual: 'two', files: { a: 'three' }, scripts: { b: 'four' } })
  expect(script).not.toMatch(/one|two|three|four/)
  expect(files).toEqual({ 'prepare-manual': 'one\n', manual: 'two\n', 'file-0': 'three', 'program-0': 'four' })
})

test.each(["it's", '$(id)', '`id`', 'a b', '*', '-n', 'a\nb', "'; id; '"])('%j is one word of a shell', (word) => {
  expect(execFileSync('sh', ['-c', `printf %s ${quoted(word)}`], { encoding: 'utf8' })).toBe(word)
})

test('a pattern stands for files, and for nothing that is run', () => {
  expect(quotedPattern('x_*.deb')).toBe("'x_'*'.deb'")
  expect(quotedPattern('$(id)?')).toBe("'$(id)'?")
})

test.each([
  ['a source of its own', { aptRepo: ['deb http://x y z'] }, '"aptRepo"'],
  ['certificates for building', { prepare: { cert: ['http://x'] } }, '"cert"'],
  ['a name that shell finds', { apt: ['$(ls)'] }, '"$(ls)"'],
  ['a pattern of names', { prepare: { apt: ['lua*'] } }, '"lua*"'],
  ['an address in place of a name', { pip: ['git+https://x'] }, '"git+https://x"'],
  ['a folder in place of a package of opam', { prepare: { opam: ['x/y'] } }, '"x/y"'],
])('%s is not done here, which is said', (_, install, what) => {
  expect(planPackage(install)).toEqual({ ok: false, error: { code: 'unsupported_recipe', why: expect.stringContaining(what) } })
})

test('shared recipes are run before, each with its own files and registries, and all of their Debian packages', () => {
  const shared = [
    { id: 'a', install: { pip: ['x'], apt: ['a1'], depends: { strip: ['a1'] } } },
    { id: 'b', install: { apt: ['b1'] } },
    { id: 'c', install: { manual: 'three', apt: ['l1'] } },
  ]
  const made = planPackage({ apt: ['l1'], manual: 'own' }, shared)
  expect(made).toMatchObject({
    ok: true,
    value: {
      depends: ['python3', 'b1', 'l1'],
      buildApt: ['a1', 'python3-pip', 'b1', 'l1'],
      files: { manual: 'own\n' },
      registries: [],
      shared: [
        { registries: ['pip'], files: {} },
        { registries: [], files: { manual: 'three\n' } },
      ],
    },
  })
})

test('what only shares packages of Debian runs nothing, what only shares a recipe runs that', () => {
  const apt = { id: 'a', install: { apt: ['a1'] } }
  const nothing = planPackage({}, [apt])
  expect(nothing).toMatchObject({ ok: true, value: { depends: ['a1'], buildApt: [], script: undefined } })
  expect(nothing).not.toHaveProperty('value.shared')
  const made = planPackage({ apt: ['l1'] }, [apt, { id: 'b', install: { manual: 'true' } }])
  expect(made).toMatchObject({ ok: true, value: { buildApt: ['a1', 'l1'], shared: [{ files: { manual: 'true\n' } }] } })
  expect(made).toHaveProperty('value.script', expect.stringContaining('0.tar'))
})

test('a shared recipe that is not done here is named', () => {
  expect(planPackage({}, [{ id: 'a', install: { cert: ['https://x'] } }])).toEqual({
    ...{ ok: false, error: { code: 'unsupported_recipe', why: expect.stringContaining('shared package "a": "cert"') } },
  })
})
