import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { tinyRoot } from '#lib/adapters/oci-runtime/testing-image.ts'
import { pgArtifacts } from '#lib/adapters/pg/artifacts.ts'
import { openDatabase } from '#lib/adapters/pg/database.ts'
import { pgDeployments } from '#lib/adapters/pg/deployments.ts'
import { DATABASE, WEB_ROLE } from '#lib/adapters/postgres/roles.ts'
import { socketFolder } from '#lib/adapters/postgres/socket-path.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { pushImage } from '#lib/application/images/push-image.ts'
import { combinationId } from '#lib/domain/build-inputs.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import type { LangId } from '#lib/domain/ids.ts'
import { languageRepository } from '#lib/domain/repository.ts'

const TOP = resolve(import.meta.dirname, '../..')
const TIMEOUT_MS = 10_000
const digestOf = (text: string) => digestOfHex(createHash('sha256').update(text).digest('hex'))

export type TinyImage = { readonly word?: string; readonly commands?: readonly string[]; readonly folders?: readonly string[] }

/** Makes an image of this machine's files and stores it where a server with this data folder has its images. */
export async function pushTiny(dataDir: string, lang: LangId, tiny: TinyImage): Promise<Digest> {
  const work = await mkdtemp(join(tmpdir(), 'dragoman-tiny-'))
  try {
    await tinyRoot(join(work, 'root'), tiny)
    const created = new Date()
    const layer = await tarLayers(join(work, 'layers')).pack(join(work, 'root'), {
      newest: created,
      signal: AbortSignal.timeout(60_000),
    })
    const repository = languageRepository(lang)
    if (!repository.ok) throw new Error(repository.error.name)
    const images = layoutImages(join(dataDir, 'images'), { today: () => new Date() })
    const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64'
    const layers = [{ ...layer, createdBy: 'a test' }]
    const pushed = await pushImage({ images }, repository.value, { layers, architecture, created })
    if (!pushed.ok) throw new Error(pushed.error.code)
    return pushed.value.digest
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

type Made = { readonly lang: LangId; readonly config: string; readonly image: Digest }

/** Makes a combination live without a build and its tests, in the database that the running server has started. */
export async function deployUntested(dataDir: string, made: Made): Promise<void> {
  const sockets = socketFolder(join(dataDir, 'run'), join(dataDir, 'postgres'))
  try {
    await deployUntestedAt(`postgresql://${WEB_ROLE}@localhost/${DATABASE}?host=${encodeURIComponent(sockets.forUs)}`, made)
  } finally {
    sockets.close()
  }
}

/** The same in the database at an address, as the role that reads and writes rows. */
export async function deployUntestedAt(url: string, { lang, config: text, image }: Made): Promise<void> {
  const database = openDatabase({ url, timeoutMs: TIMEOUT_MS })
  try {
    const [artifacts, deployments] = [pgArtifacts(database), pgDeployments(database)]
    const stamp = JSON.parse(readFileSync(join(TOP, '.dragoman/agent/stamp.json'), 'utf8')) as { version: string }
    const config = digestOf(text)
    const nothing = { size: 1, facts: {}, inputs: [] }
    const { sql } = database
    await sql.query('INSERT INTO language (id) VALUES ($1) ON CONFLICT DO NOTHING', [lang])
    await sql.query('INSERT INTO config_version (digest, lang, text) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING', [
      config,
      lang,
      text,
    ])
    await artifacts.record({ kind: 'image', digest: image, lang, config, ...nothing })
    await artifacts.release(stamp.version, { kind: 'agent', digest: digestOf(stamp.version), ...nothing })
    const id = combinationId(image, config, stamp.version)
    await sql.query(
      'INSERT INTO combination (id, lang, image, config, agent) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING',
      [...[id, lang, image, config, stamp.version]],
    )
    const [live] = await deployments.history(lang, 1)
    const deployment = {
      lang,
      id,
      number: (live?.number ?? 0) + 1,
      kind: 'promote',
      restores: undefined,
      by: 'ada',
      forced: [],
    } as const
    if (!(await deployments.add(deployment, randomBytes(16).toString('hex')))) throw new Error('Somebody else deployed')
  } finally {
    await database.close()
  }
}
