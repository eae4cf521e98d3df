import { resolve } from 'node:path'

import { listAgents } from '#lib/application/agents/list-agents.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { openStores } from '#lib/stores.ts'

import { cacheAgents } from './cache-agents.ts'
import type { Options } from './options.ts'
import { jsonResult, note, result, table } from './print.ts'
import { publishOwnAgent, type PublishedOwn } from './publish-own-agent.ts'
import { day } from './query.ts'
import { useAgent } from './use-agent.ts'
import { withWorkshop } from './workshop.ts'

const MIB = 1024 ** 2

/** Releases of the agent: makes one, lists them, brings them to a folder, or has languages use one. */
export async function agent(options: Options, signal: AbortSignal): Promise<number> {
  const [verb, folder] = options.names
  if (verb === 'publish') return publish(options, signal)
  if (verb === 'cache' && folder !== undefined) return cacheAgents(resolve(folder), options.watch, signal)
  if (verb === 'use') return useAgent(options, signal)
  return list(options)
}

async function publish({ json }: Options, signal: AbortSignal): Promise<number> {
  const done = await withWorkshop(async (workshop) => {
    const { objects, images, close } = await openStores(workshop.config, systemClock)
    try {
      return await publishOwnAgent({ ...workshop, objects, images }, signal)
    } finally {
      close()
    }
  })
  if (json) jsonResult(done.ok ? { ok: true, ...done.value } : { ok: false, ...done.error })
  else if (!done.ok) note(`dragoman: agent ${done.error.version}: ${WORDS[done.error.code]}`)
  else result(told(done.value))
  return done.ok ? 0 : 1
}

const told = ({ version, isNew, digest, image }: PublishedOwn) =>
  `agent ${version}: ${isNew ? 'released' : 'was released before'}, ${digest}, as image ${image}`

const WORDS = { bad_version: 'that is no version', version_taken: 'other bytes were released under that version' } as const

async function list({ json }: Options): Promise<number> {
  const releases = await withWorkshop(listAgents)
  if (json) jsonResult({ releases })
  else if (releases.length === 0) note('None')
  else {
    const rows = releases.map(({ version, protocol, size, madeAt, languages }) => [
      ...[version, `${protocol ?? '?'}`, `${(size / MIB).toFixed(1)} MiB`, day(madeAt), languages.join(' ')],
    ])
    result(table([['version', 'protocol', 'size', 'made', 'live in'], ...rows]))
  }
  return 0
}
