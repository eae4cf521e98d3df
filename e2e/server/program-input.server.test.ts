import { join } from 'node:path'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { loadLanguages } from '#lib/adapters/lang-files/load-languages.ts'
import { commandsInSandbox } from '#lib/adapters/system/has-command.ts'
import { readiness } from '#lib/application/languages/readiness.ts'

import { ownServer, type OwnServer } from '../../cli/own-server.ts'
import { browser } from './browser.ts'

const TOP = join(import.meta.dirname, '../..')
const here = commandsInSandbox(TOP)
const languages = loadLanguages([join(TOP, 'langs')]).languages.filter((language) => readiness(language, here).ready)

let server: OwnServer
beforeAll(async () => {
  server = await ownServer('program-input-test', {
    DRAGOMAN_POOL_MEMORY_MIB: '0',
    DRAGOMAN_STARTS_PER_MINUTE_PER_ADDRESS: '6000',
  })
})
afterAll(() => server.stop())

test.each(languages.map((language) => [language.id, language] as const))(
  '%s with an input box runs the program alone, and ends',
  async (_, { id, main, prefix, template, suffix, checks }) => {
    const visitor = await browser(server.url)
    try {
      await visitor.started(id)
      const files = [{ path: main, text: `${prefix}${template}${suffix}` }]
      const run = await visitor.call<{ job: number }>('run', { files, input: '1\n' })
      if (!run.ok) throw new Error(JSON.stringify(run.error))
      const { ending } = await visitor.jobEnded(run.value.job)

      expect(ending, visitor.text()).toMatchObject({ reason: 'exit', code: 0 })
      expect(visitor.text()).toContain(checks.hello)
    } finally {
      await visitor.call('leave', {})
      visitor.close()
    }
  },
)
