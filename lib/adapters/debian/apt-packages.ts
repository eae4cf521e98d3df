import { randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'

import { verified } from '#lib/application/ports/checked-bytes.ts'
import type { BlobSource } from '#lib/application/ports/images.ts'
import type { Fetched, FetchOptions, FetchRefused, Packages } from '#lib/application/ports/packages.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { type AptLists, aptLists } from './apt-lists.ts'
import { aptFault, archivesOf } from './archives.ts'
import { runApt } from './run-apt.ts'

/** As Debian writes names, with a version or an architecture; nothing that apt takes for an option, a file or a pattern. */
const PACKAGE = /^[a-z0-9][a-z0-9.+-]*(:[a-z0-9]+)?(=[A-Za-z0-9.+~:-]+)?$/
/** No package of an archive is stored under such a name: theirs have a version. */
const OURS = 'ours.deb'

/** This machine's apt, with lists and a cache of its own below `workDir`; the machine's own state is not touched. */
export function aptPackages(workDir: string): Packages {
  const listsOf = aptLists(workDir)

  return {
    async prepare({ release, ...options }) {
      const { lines } = archivesOf(release)
      const lists = lines.length > 0 ? await listsOf(textOf(lines), { ...options, anew: false }) : undefined
      if (lists?.ok) await lists.value.release()
    },

    async fetch(names, options) {
      const bad = names.find((name) => !PACKAGE.test(name))
      if (bad !== undefined) return err({ code: 'unknown_package', why: `"${bad.slice(0, 100)}" is no name of a package` })
      const { release, lines } = archivesOf(options.release)
      if (lines.length === 0) return err({ code: 'unknown_release', why: `no archive of this machine's has "${release}"` })

      const folder = join(workDir, `apt-${randomUUID()}`)
      const remove = () => rm(folder, { recursive: true, force: true })
      try {
        const wanted = [...(await prepare(folder, options)), ...names]
        for (let anew = false; ; anew = true) {
          const lists = await listsOf(textOf(lines), { ...options, anew })
          const fetched = lists.ok ? await fetchWith(lists.value, folder, wanted, options) : lists
          if (fetched.ok) return ok({ ...fetched.value, remove })
          // The archive may have other packages than its lists of some minutes ago say.
          if (lists.ok && !lists.value.isNew) continue
          await remove()
          return fetched
        }
      } catch (error) {
        await remove()
        throw error
      }
    },
  }
}

const textOf = (lines: readonly string[]) => `${lines.join('\n')}\n`

/** Gives the path of our package, where there is one. */
async function prepare(folder: string, { status, deb, signal }: FetchOptions): Promise<string[]> {
  await mkdir(join(folder, 'archives/partial'), { recursive: true })
  await copyFile(status, join(folder, 'status'))
  return deb ? [await keep(deb, join(folder, 'archives', OURS), signal)] : []
}

async function fetchWith(
  lists: AptLists,
  folder: string,
  wanted: readonly string[],
  options: FetchOptions,
): Promise<Result<Pick<Fetched, 'folder' | 'files'>, FetchRefused>> {
  const settings = { ...lists.settings, 'Dir::State': folder, 'Dir::State::status': join(folder, 'status'), 'Dir::Cache': folder }
  const command = ['install', '--download-only', '--yes', '--no-install-recommends', '--', ...wanted]
  const { status, said } = await runApt(settings, command, options).finally(lists.release)
  if (status !== 0) return err(aptFault(said))
  const debs = join(folder, 'archives')
  await rm(join(debs, 'partial'), { recursive: true, force: true })
  return ok({ folder: debs, files: (await readdir(debs)).filter((name) => name.endsWith('.deb')).sort() })
}

async function keep(deb: BlobSource, path: string, signal: AbortSignal): Promise<string> {
  await pipeline(verified(deb.open(0), deb, `package ${deb.digest}`), createWriteStream(path), { signal })
  return path
}
