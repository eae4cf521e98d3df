import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'

import { FILE_NAME_BYTES_MAX, isFileName } from '#lib/domain/file-name.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { killQuietly } from './processes.ts'
import { ifThereIsRoom, isOneId, spawnHelper } from './visitor.ts'

export type VisitorFile = { readonly path: string; readonly text: string }
export type FileRefused = { readonly code: 'bad_file_name' | 'file_refused'; readonly detail: string }

/** Copying a megabyte takes milliseconds; a file system that hangs must not hang us. */
const COPY_MS_MAX = 5000

const ROOM_MS_MAX = 2000
const ROOM_EVERY_MS = 20
/** What dash ends with when the kernel refuses it a process; our script itself ends with 1. */
const CANNOT_FORK = 2

/**
 * Ours alone to write; the visitor may read. Where the visitor has our own id it may write here too: then a folder has a new
 * name each time, and a file is made or refused, never one that was there, be it a link or a pipe that would hold us up.
 */
const OWN_PLACE = '/run/dragoman'
const STAGE = `${OWN_PLACE}/stage-`
const NEW = { flag: 'wx', mode: 0o644 }

// We never open a path that the visitor controls: its own hands copy from our stage. A link or a pipe planted there is
// replaced, not followed; a folder in the way is a refusal.
const COPY = `cd "$HOME" || exit 1
while [ $# -gt 0 ]; do
  case $2 in */*) mkdir -p -- "\${2%/*}" || exit 1 ;; esac
  cp -T --remove-destination -- "$1" "$2" || exit 1
  shift 2
done`

/** A pod's volumes are open to everybody until their owner closes them. Throws where the place is not ours. */
export function closeOwnPlace(): void {
  chmodSync(OWN_PLACE, 0o755)
}

/** Writes the files into the home as the visitor; all names are checked before the first is written. */
export async function writeFiles(files: readonly VisitorFile[]): Promise<Result<void, FileRefused>> {
  const bad = files.find(({ path }) => !isFileName(path))
  if (bad) return err({ code: 'bad_file_name', detail: bad.path.slice(0, FILE_NAME_BYTES_MAX) })
  if (files.length === 0) return ok(undefined)

  const refused = err({ code: 'file_refused', detail: files[0]?.path ?? '' } as const)
  const folder = stage(files)
  if (folder === undefined) return refused
  const copied = await copy(files.flatMap(({ path }, i) => [`${folder}/${i}`, path]))
  unstage(folder)
  return copied ? ok(undefined) : refused
}

/** The folder that has them by their numbers; undefined when our own room is full, or the visitor was at it. */
function stage(files: readonly VisitorFile[]): string | undefined {
  let folder: string | undefined
  try {
    folder = mkdtempSync(STAGE)
    chmodSync(folder, 0o755)
    for (const [i, { text }] of files.entries()) writeFileSync(`${folder}/${i}`, text, NEW)
    return folder
  } catch (error) {
    if (folder !== undefined) unstage(folder)
    if (isOneId || (error as { code?: unknown }).code === 'ENOSPC') return undefined
    throw error
  }
}

function unstage(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true })
  } catch (error) {
    if (!isOneId) throw error // else the visitor was at it, and has its own room to lose
  }
}

/** What a job left behind still counts against the limit of processes while it dies: then there is no room yet, and soon is. */
async function copy(pairs: readonly string[]): Promise<boolean> {
  const until = performance.now() + ROOM_MS_MAX
  for (;;) {
    const code = await copyOnce(pairs)
    if (code !== undefined && code !== CANNOT_FORK) return code === 0
    if (performance.now() > until) return false
    await Bun.sleep(ROOM_EVERY_MS)
  }
}

/** The shell's status; undefined when there was no room for it. */
async function copyOnce(pairs: readonly string[]): Promise<number | undefined> {
  const child = ifThereIsRoom(() => spawnHelper(COPY, pairs))
  if (!child) return undefined
  const timer = setTimeout(() => killQuietly(child.pid), COPY_MS_MAX)
  const code = await child.exited
  clearTimeout(timer)
  return code
}
