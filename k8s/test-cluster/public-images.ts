import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import { postgresBinaries } from '#lib/adapters/postgres/binaries.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { buildProgramImage } from '#lib/application/images/build-program-image.ts'
import { repository, tag } from '#lib/domain/repository.ts'
import { openStores } from '#lib/stores.ts'

/**
 * Pushes images that have PostgreSQL and a registry where the public ones have them, for a cluster that reaches no public
 * registry. Their base must be there.
 */
export async function pushPublic(registryUrl: string): Promise<void> {
  await push(registryUrl, 'postgres', layPostgres)
  await push(registryUrl, 'registry', layRegistry)
}

async function push(registryUrl: string, name: string, lay: (folder: string) => Promise<void>): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), `dragoman-${name}-`))
  const stores = await openStores(
    { registryUrl, dataDir: work, s3Bucket: undefined, s3Endpoint: undefined, s3Region: '' },
    systemClock,
  )
  try {
    const base = (await stores.images.list()).find((entry) => entry.repository.startsWith('base/') && entry.tags.length > 0)
    const [to, named] = [repository(`dragoman/${name}`), tag('test')]
    if (!base || !to.ok || !named.ok) throw new Error(`Cannot make an image of ${name}: ${registryUrl} has no base`)
    const folder = join(work, 'root')
    await lay(folder)
    const built = await buildProgramImage(stores, {
      ...{ base, to: to.value, tag: named.value, env: ['LANG=C.UTF-8'], signal: AbortSignal.timeout(PUSH_MS_MAX) },
      folders: [{ folder, createdBy: name }],
      run: { user: '65534:65534', workingDir: '/', entrypoint: ['/usr/bin/false'] },
    })
    if (!built.ok) throw new Error(`Cannot push ${name}: ${JSON.stringify(built.error)}`)
  } finally {
    stores.close()
    await rm(work, { recursive: true, force: true })
  }
}

const PUSH_MS_MAX = 120_000

/** It runs only as somebody who has a name. */
async function layPostgres(folder: string): Promise<void> {
  await cp(dirname(dirname(postgresBinaries().postgres)), join(folder, 'usr/lib/postgresql/18'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  await mkdir(join(folder, 'etc'))
  await writeFile(join(folder, 'etc/passwd'), 'root:x:0:0::/:/bin/sh\npostgres:x:999:999::/var/lib/postgresql:/bin/sh\n')
}

/** Debian's, by the name that the public image gives it. */
async function layRegistry(folder: string): Promise<void> {
  await mkdir(join(folder, 'usr/bin'), { recursive: true })
  await cp('/usr/bin/docker-registry', join(folder, 'usr/bin/registry'))
}
