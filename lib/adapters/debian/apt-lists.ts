import { randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { FetchOptions, FetchRefused } from '#lib/application/ports/packages.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { aptFault } from './archives.ts'
import { runApt } from './run-apt.ts'

/** What archives have changes some times a day. */
const LISTS_MS_MAX = 10 * 60_000
/** What a process that died has left is in nobody's use by then. */
const LEFT_MS_MAX = 24 * 60 * 60_000

/** Which packages there are, as apt reads it; nobody changes it while it is used. */
export type AptLists = {
  readonly settings: Readonly<Record<string, string>>
  /** Whether they were fetched for this use. */
  readonly isNew: boolean
  release(): Promise<void>
}
type Lists = { readonly folder: string; readonly fetchedAt: number; users: number; isOld: boolean }
type Options = Pick<FetchOptions, 'signal' | 'log'> & {
  /** Fetched anew, however young those are that are there. */
  readonly anew: boolean
}

/** The lists of some archives, for all who ask within some minutes. Those that cannot be fetched replace none. */
export function aptLists(workDir: string) {
  const parent = join(workDir, 'lists')
  const newest = new Map<string, Lists>()
  const fetching = new Map<string, Promise<Result<void, FetchRefused>>>()

  async function fetch(lines: string, options: Options): Promise<Result<void, FetchRefused>> {
    const folder = join(parent, randomUUID())
    await removeLeft(parent)
    try {
      for (const made of ['lists/partial', 'cache/archives/partial']) await mkdir(join(folder, made), { recursive: true })
      await writeFile(join(folder, 'sources.list'), lines)
      await writeFile(join(folder, 'status'), '')
      const settings = {
        ...settingsOf(folder),
        'Dir::State::status': join(folder, 'status'),
        'Dir::Cache': join(folder, 'cache'),
      }
      const { status, said } = await runApt(settings, ['update'], options)
      if (status !== 0) {
        await remove(folder)
        return err(aptFault(said))
      }
    } catch (error) {
      await remove(folder)
      throw error
    }
    const before = newest.get(lines)
    newest.set(lines, { folder, fetchedAt: performance.now(), users: 0, isOld: false })
    if (before) await setAside(before)
    return ok(undefined)
  }

  return async (lines: string, options: Options): Promise<Result<AptLists, FetchRefused>> => {
    const asked = performance.now()
    const since = options.anew ? asked : asked - LISTS_MS_MAX
    for (;;) {
      options.signal.throwIfAborted()
      const lists = newest.get(lines)
      if (lists && lists.fetchedAt >= since) return ok(inUse(lists, lists.fetchedAt >= asked))
      // Of two at once one fetches. If it gives up, the other does it.
      const other = fetching.get(lines)
      const fetched = other ?? fetch(lines, options).finally(() => fetching.delete(lines))
      if (!other) fetching.set(lines, fetched)
      const result = await (other ? fetched.catch(() => ok(undefined)) : fetched)
      if (!result.ok) return result
    }
  }
}

function inUse(lists: Lists, isNew: boolean): AptLists {
  lists.users++
  return {
    settings: settingsOf(lists.folder),
    isNew,
    async release() {
      lists.users--
      if (lists.isOld) await setAside(lists)
    },
  }
}

async function setAside(lists: Lists): Promise<void> {
  lists.isOld = true
  if (lists.users === 0) await remove(lists.folder)
}

/** Of what apt makes of the lists, the half that is the same for all is kept beside them. */
const settingsOf = (folder: string) => ({
  'Dir::Etc::sourcelist': join(folder, 'sources.list'),
  'Dir::State::lists': join(folder, 'lists'),
  'Dir::Cache::srcpkgcache': join(folder, 'srcpkgcache.bin'),
  'Dir::Cache::pkgcache': '',
})

async function removeLeft(parent: string): Promise<void> {
  await mkdir(parent, { recursive: true })
  for (const name of await readdir(parent)) {
    const there = await lstat(join(parent, name)).catch(() => undefined) // another process may remove it too
    if (there && there.mtimeMs < Date.now() - LEFT_MS_MAX) await remove(join(parent, name))
  }
}

const remove = (folder: string) => rm(folder, { recursive: true, force: true })
