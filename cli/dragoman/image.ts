import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import packageFile from '../../package.json' with { type: 'json' }
import { buildBase } from '#lib/application/images/build-base.ts'
import { buildProgramImage } from '#lib/application/images/build-program-image.ts'
import type { Digest } from '#lib/domain/digest.ts'
import { repository, type Repository, tag } from '#lib/domain/repository.ts'
import { systemClock } from '#lib/adapters/system/time.ts'
import { openStores, type Stores } from '#lib/stores.ts'

import { HOME, layServerTree } from '../image/lay-server-tree.ts'
import { setUp } from '../setup/set-up.ts'
import type { Options } from './options.ts'
import { jsonResult, note, result } from './print.ts'
import { workshopConfig } from './workshop.ts'

const MIB = 1024 ** 2
/** Nobody on a node has these ids; whoever else runs it may, for it writes nowhere but in its data folder. */
const USER = '10001:10001'
const ENV = [
  `PATH=/${HOME}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin`,
  ...['LANG=C.UTF-8', 'NODE_ENV=production', 'NEXT_TELEMETRY_DISABLED=1'],
  ...['DRAGOMAN_HOST=0.0.0.0', 'DRAGOMAN_DATA_DIR=/data'],
]

/** Makes the server's own image from this checkout and puts it where images are kept. */
export async function image({ json, refresh }: Options, signal: AbortSignal): Promise<number> {
  const config = workshopConfig()
  const [to, version] = [repository('dragoman/server'), tag(packageFile.version)]
  if (!to.ok || !version.ok) throw new Error(`Cannot name an image after version "${packageFile.version}"`)
  await setUp('image', config)
  const stores = await openStores(config, systemClock)
  const folder = join(config.dataDir, 'build', `server-${randomUUID()}`)
  try {
    await mkdir(folder, { recursive: true })
    const [base, folders] = [await baseOf(stores, config.baseRelease, refresh, signal), await layServerTree(folder, process.arch)]
    const node = `/${HOME}/node_modules/.bin/node`
    const built = await buildProgramImage(stores, {
      ...{ base, folders, signal },
      ...{ to: to.value, tag: version.value, env: ENV },
      run: { user: USER, workingDir: `/${HOME}`, entrypoint: [node, ...packageFile.config.serverFlags, 'server.ts'] },
    })
    if (!built.ok) {
      note(`dragoman: image: ${JSON.stringify(built.error)}`)
      return 1
    }
    const { digest, size, sent } = built.value
    const name = `${to.value}:${version.value}`
    if (json) jsonResult({ ok: true, name, digest, size, sent })
    else result(`${name} ${digest}: ${(size / MIB).toFixed(1)} MiB, ${(sent / MIB).toFixed(1)} MiB of it new`)
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
    stores.close()
  }
}

type Base = { readonly repository: Repository; readonly digest: Digest }

/** The newest base of the release, which nodes have already when they run languages; made when there is none. */
async function baseOf(stores: Stores, wanted: string | undefined, refresh: boolean, signal: AbortSignal): Promise<Base> {
  const release = wanted ?? ownRelease()
  const known = refresh ? [] : await stores.images.list()
  const found = known.find(
    ({ repository, tags }) => repository.startsWith('base/') && repository.endsWith(`-${release}`) && tags.length > 0,
  )
  if (found) return found
  const built = await buildBase(stores, release, { signal, log: () => undefined })
  if (!built.ok) throw new Error(`Cannot make a base of ${release}: ${JSON.stringify(built.error)}`)
  return built.value
}

const ownRelease = () => /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1]
