import { expect, test } from 'vitest'

import { productionPackages, readLock } from './production-packages.ts'

const lock = {
  packages: {
    '': { dependencies: { web: '1.0.0', '@xterm/xterm': '1.0.0' }, devDependencies: { tests: '1.0.0' } },
    'node_modules/web': { dependencies: { shared: '1.0.0' }, optionalDependencies: { 'for-another-machine': '1.0.0' } },
    'node_modules/web/node_modules/shared': { dependencies: { deep: '1.0.0' } },
    'node_modules/shared': {},
    'node_modules/deep': { dependencies: { web: '1.0.0' } },
    'node_modules/tests': {},
    'node_modules/@xterm/xterm': {},
  },
}

test('what the server needs comes along as Node finds it; tests and what pages are made of do not', () => {
  expect(productionPackages(lock)).toEqual(['node_modules/deep', 'node_modules/web', 'node_modules/web/node_modules/shared'])
})

test('of this project come the server’s packages and no tool', () => {
  const names = productionPackages(readLock('.')).map((path) => path.split('node_modules/').at(-1))

  expect(names).toEqual(
    expect.arrayContaining(['next', 'pg', 'pino', 'socket.io', 'zod', '@prisma/client', '@prisma/adapter-pg']),
  )
  expect(names.filter((name) => /^(vitest|typescript|playwright|oxlint|@next\/swc)/.test(name ?? ''))).toEqual([])
})
