import { expect, test } from 'vitest'

import { CHECKS } from '#lib/domain/language.ts'

import { parseOptions } from './options.ts'

const none = {
  ...{ names: [], checks: CHECKS, configs: undefined, server: undefined, json: false },
  ...{ days: 90, build: undefined, force: [], to: undefined, follow: false, from: undefined, all: false },
  ...{ agent: undefined, refresh: false, promote: false, watch: false },
}

test('the command test takes names, checks, configs and a server', () => {
  expect(
    parseOptions(['test', 'python', 'c++', '--check', 'repl,run', '--configs', 'mine', '--server', 'http://x:1', '--json']),
  ).toEqual({
    ok: true,
    value: {
      kind: 'run',
      command: 'test',
      options: { ...none, names: ['python', 'c++'], checks: ['run', 'repl'], configs: 'mine', server: 'http://x:1', json: true },
    },
  })
  expect(parseOptions(['test'])).toEqual({ ok: true, value: { kind: 'run', command: 'test', options: none } })
})

test.each([
  [[], 'a command is missing'],
  [['frob'], 'there is no command "frob"'],
  [['constructor'], 'there is no command "constructor"'],
  [['test', '--frob'], "Unknown option '--frob'"],
  [['test', '--json=yes'], "Option '--json' does not take an argument"],
  [['test', '--configs'], "Option '--configs <value>' argument missing"],
  [['test', '--check', 'run,frob'], 'there is no check "frob"; there are ensure, run, repl, runrepl, scope, format, lsp'],
  [['test', '--check', ''], 'there is no check ""; there are ensure, run, repl, runrepl, scope, format, lsp'],
  [['test', '--server', 'localhost:3000'], '--server must be a http:// or https:// address'],
  [['test', '--server', 'file:///etc/passwd'], '--server must be a http:// or https:// address'],
  [['langs', 'python'], 'langs takes no names'],
  [['lint', '--server', 'http://x'], 'lint takes no --server'],
  [['query'], 'query needs a name'],
  [['query', 'constructor'], 'there is no question "constructor"; there are stale, config, old-base, tested-together'],
  [['query', 'config'], 'query config needs a language'],
  [['query', 'stale', 'python'], 'query stale is about all languages'],
  [['query', 'stale', '--days', '0'], '--days must be a number from 1 to 100000'],
  [['query', 'stale', '--days', '1e3'], '--days must be a number from 1 to 100000'],
  [['query', 'config', 'c', 'd'], 'query takes 2 names'],
  [['promote'], 'promote needs a name'],
  [['promote', 'c', 'd'], 'promote takes 1 name'],
  [['promote', 'c', '--force', 'all'], 'there is no check "all"; there are ensure, run, repl, runrepl, scope, format, lsp'],
  [['rollback', 'c', '--to', '0'], '--to must be the number of a deployment'],
  [['rollback', 'c', '--to', 'x'], '--to must be the number of a deployment'],
  [['logs', '--follow'], 'logs needs a name'],
  [['cancel', 'b', '--force', 'run'], 'cancel takes no --force'],
  [['build'], 'build needs languages, or --all'],
  [['build', 'lua', '--all'], 'build takes languages or --all, not both'],
  [['build', 'lua', '--from', 'frob'], '--from must be one of package, image, test'],
  [['build', '--all', '--server', 'http://x'], 'build takes no --all with --server'],
  [['build', 'lua', '--watch', '--server', 'http://x'], 'build takes no --watch with --server'],
  [['base', '--server', 'http://x'], 'base takes no --server'],
  [['login'], 'login needs --server'],
  [['agent', 'cache'], 'agent cache needs a folder'],
  [['agent', 'cache', 'a', 'b'], 'agent cache takes one name'],
  [['migrate', 'back'], 'there is no migrate "back"; there is wait'],
  [['image'], 'image needs a name'],
  [['image', 'agent'], 'there is no image "agent"; there is server'],
  [['base', 'frob'], 'there is no base "frob"; there is make'],
  [['agent'], 'agent needs a name'],
  [['agent', 'constructor'], 'there is no agent "constructor"; there are publish, list, cache, use'],
  [['agent', 'list', '1.0.0'], 'agent list takes no names'],
  [['agent', 'use'], 'agent use needs a version'],
  [['agent', 'use', '1.0.0'], 'agent use needs languages, or --all'],
  [['agent', 'use', '1.0.0', 'c', '--all'], 'agent use takes languages or --all, not both'],
  [['agent', 'publish', '--all'], 'agent publish takes no --all'],
])('%j is not understood: %s', (args, error) => {
  expect(parseOptions(args)).toEqual({ ok: false, error })
})

test('the workshop’s commands take what each is about', () => {
  const asked = (...args: readonly string[]) => {
    const parsed = parseOptions(args)
    return parsed.ok && parsed.value.kind === 'run' ? parsed.value.options : parsed
  }
  expect(asked('query', 'stale', '--days', '7')).toEqual({ ...none, names: ['stale'], days: 7 })
  expect(asked('promote', 'c', '--build', 'b1', '--force', 'lsp,run')).toEqual({
    ...none,
    names: ['c'],
    build: 'b1',
    force: ['run', 'lsp'],
  })
  expect(asked('build', 'c', 'lua', '--from', 'image', '--promote', '--refresh', '--agent', '1.0.0')).toEqual({
    ...none,
    ...{ names: ['c', 'lua'], from: 'image', promote: true, refresh: true, agent: '1.0.0' },
  })
  expect(asked('rollback', 'c', '--to', '3')).toEqual({ ...none, names: ['c'], to: 3 })
  expect(asked('agent', 'use', '1.0.0', 'c++')).toEqual({ ...none, names: ['use', '1.0.0', 'c++'] })
  expect(asked('agent', 'use', '1.0.0', '--all')).toEqual({ ...none, names: ['use', '1.0.0'], all: true })
  expect(asked('logs', 'b1', '-f', '--from', 'image.1.5')).toEqual({ ...none, names: ['b1'], follow: true, from: 'image.1.5' })
})

test.each([
  [['--help'], 'help'],
  [['test', '-h'], 'help'],
  [['--version'], 'version'],
])('%j asks for %s', (args, kind) => {
  expect(parseOptions(args)).toEqual({ ok: true, value: { kind } })
})
