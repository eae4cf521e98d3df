import { expect, test } from 'vitest'

import { withClient } from '#lib/adapters/postgres/client.ts'
import { ownDatabase } from './own-database.ts'
import { testWorld } from './world.ts'

const ask = (url: string, sql: string) =>
  withClient(url, async (client) => (await client.query<Record<string, unknown>>(sql)).rows)

test('a database of a test has the deployment of the world in it, and what is done there stays there', async () => {
  await using one = await ownDatabase()
  await using other = await ownDatabase()
  const { images, agentVersion } = testWorld()
  const live = await ask(
    one.url,
    `SELECT image, agent FROM combination JOIN deployment ON combination.id = deployment.combination ORDER BY number DESC LIMIT 1`,
  )
  expect(live).toEqual([{ image: images.python, agent: agentVersion }])

  await ask(one.migrateUrl, 'CREATE TABLE mine (n int)')
  expect(await ask(other.migrateUrl, `SELECT to_regclass('mine') AS found`)).toEqual([{ found: null }])
})
