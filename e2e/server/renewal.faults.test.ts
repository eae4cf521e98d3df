import { createHash } from 'node:crypto'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { CHANNELS } from '#lib/adapters/pg/announcements.ts'

import type { OwnServer } from '../../cli/own-server.ts'
import type { Browser } from './browser.ts'
import { answers, PATIENCE, podHouse, type PodHouse, ready } from './pod-house.ts'

let house: PodHouse
beforeEach(async () => {
  house = await podHouse('renewal')
})
afterEach(() => house?.end())

const members = async () => house.rows<{ kept_as: string }>(`SELECT kept_as FROM pool_member WHERE state = 'free'`)

test('while what a language stands on changes under load every start gets a prompt, and the pool soon holds the new alone', async () => {
  const env = { DRAGOMAN_POOL_MEMBERS_MIN: '2', DRAGOMAN_POOL_MEMORY_MIB: '32' }
  const [a, b] = await Promise.all([house.serve('rolling-a', env), house.serve('rolling-b', env)])
  await Promise.all([ready(a), ready(b)])
  await expect.poll(async () => (await members()).length, PATIENCE).toBe(2)
  const before = new Set((await members()).map(({ kept_as }) => kept_as))
  const old = await newcomer(a)
  let isDeployed = false
  const visitors = [a, b].map(async (server) => {
    const said: string[] = []
    // Until some have come after it was new everywhere.
    while (said.filter((text) => text.includes(MARK)).length < 3) {
      const visitor = await newcomer(server)
      visitor.type('import os; os.environ.get("RELEASE", "old")\n')
      await visitor.saw(/\r\n'(\w+)'\r\n/)
      said.push(visitor.text())
      await visitor.call('leave', {})
      if (said.length === 3 && !isDeployed) {
        isDeployed = true
        await deployChanged()
      }
    }
    return said
  })
  const said = (await Promise.all(visitors)).flat()

  expect(said.length).toBeGreaterThanOrEqual(9)
  const isNew = async () => (await members()).length === 2 && (await members()).every(({ kept_as }) => !before.has(kept_as))
  await expect.poll(isNew, PATIENCE).toBe(true)
  await answers(old, 1) // who was there stays
  await old.call('leave', {})
  await house.balances()
})
const MARK = "'renewed'"

async function newcomer(server: OwnServer): Promise<Browser> {
  const visitor = await house.visit(server)
  await visitor.started()
  await visitor.saw('>>> ')
  return visitor
}

/** Deploys the language again with a prompt that can be told from the one before. */
async function deployChanged(): Promise<void> {
  const sql =
    'SELECT c.*, v.text, d.number FROM deployment d JOIN combination c ON c.id = d.combination JOIN config_version v ON v.digest = c.config ORDER BY d.number DESC LIMIT 1'
  const [live] = await house.rows<{ lang: string; image: string; agent: string; text: string; number: number }>(sql)
  const text = live!.text.replace(/^ {2}python3\n(?=prompt:)/m, '  RELEASE=renewed python3\n')
  expect(text).not.toBe(live!.text)
  const digest = `sha256:${createHash('sha256').update(text).digest('hex')}`
  const id = `sha256:${createHash('sha256').update(digest).digest('hex')}`
  await house.rows('INSERT INTO config_version (digest, lang, text) VALUES ($1, $2, $3)', digest, live!.lang, text)
  const values = [id, live!.lang, live!.image, digest, live!.agent]
  await house.rows('INSERT INTO combination (id, lang, image, config, agent) VALUES ($1, $2, $3, $4, $5)', ...values)
  const deployed = `INSERT INTO deployment (lang, number, combination, kind, by, forced) VALUES ($1, $2, $3, 'promote', 'test', '{}')`
  await house.rows(deployed, live!.lang, live!.number + 1, id)
  await house.rows(`NOTIFY ${CHANNELS.deployment}`)
}
