import { expect, test } from 'vitest'

import { flagHelp, flagSource } from './flags.ts'
import { type Option, OPTIONS } from './table.ts'

test('a flag says what its variable would', () => {
  expect(flagSource(['--port', '8080', '--log-level=warn'])).toEqual({
    ok: true,
    value: { PORT: '8080', DRAGOMAN_LOG_LEVEL: 'warn' },
  })
})

test('what is no flag, and a flag without its value, are told at once', () => {
  expect(flagSource(['--prot', '1', 'x', '-p', '--port'])).toMatchObject({
    ok: false,
    error: [{ name: '--prot' }, { name: '1' }, { name: 'x' }, { name: '-p' }, { name: '--port' }],
  })
})

test('help names every option', () => {
  const help = flagHelp()
  for (const { flag, env } of Object.values<Option<unknown>>(OPTIONS)) {
    expect(help).toContain(`${flag}\n`)
    expect(help).toContain(`(${env};`)
  }
})
