import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, readdir, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import type { RootFolders } from '#lib/application/ports/root-folders.ts'
import { AGENT_FILE } from '#lib/domain/agent-release.ts'
import { type Digest, digestHex, digestOfHex } from '#lib/domain/digest.ts'
import { EMPTY } from '#lib/domain/layer-reserved.ts'

import { absentIsUndefined, syncFolder } from './fs.ts'

const HEX = /^[0-9a-f]{64}$/
const UNFINISHED = '.unfinished'
/** What an image has of these was for another machine. */
const FILES: Readonly<Record<string, string>> = {
  'etc/hostname': 'dragoman\n',
  'etc/hosts': '127.0.0.1 localhost dragoman\n::1 localhost\n',
  'etc/resolv.conf': '',
}

/**
 * Folders named by the digest's hex, with a file beside each that says by its date when it was needed. One process at a time
 * has them: what an earlier one left unfinished is removed. `workDir` is for folders that are to be taken in.
 */
export async function rootFolders(folder: string): Promise<RootFolders & { readonly workDir: string }> {
  const workDir = join(folder, UNFINISHED)
  await rm(workDir, { recursive: true, force: true })
  await mkdir(workDir, { recursive: true, mode: 0o700 })
  const pathOf = (image: Digest) => join(folder, digestHex(image))
  const datedBy = (image: Digest) => `${pathOf(image)}.used`
  const isThere = async (path: string) => (await absentIsUndefined(stat(path))) !== undefined

  const roots: RootFolders = {
    find: async (image) => ((await isThere(pathOf(image))) ? pathOf(image) : undefined),
    async take(image, unpacked) {
      await prepare(unpacked)
      await promisify(execFile)('sync', ['--file-system', unpacked])
      await roots.touch(image)
      await rename(unpacked, pathOf(image))
      await syncFolder(folder)
      return pathOf(image)
    },
    async touch(image) {
      await writeFile(datedBy(image), '')
      const now = new Date()
      await utimes(datedBy(image), now, now)
    },
    async list() {
      const images = (await readdir(folder)).filter((name) => HEX.test(name)).map(digestOfHex)
      const dated = images.map(async (image) => ({ image, at: (await absentIsUndefined(stat(datedBy(image))))?.mtimeMs ?? 0 }))
      return (await Promise.all(dated)).toSorted((a, b) => a.at - b.at).map(({ image }) => image)
    },
    async remove(image) {
      const going = join(workDir, randomUUID())
      await absentIsUndefined(rename(pathOf(image), going))
      await rm(datedBy(image), { force: true })
      await rm(going, { recursive: true, force: true })
    },
  }
  return { ...roots, workDir }
}

/** Of a folder that was linted: none of these paths leads through a link. */
async function prepare(root: string): Promise<void> {
  await chmod(root, 0o755)
  for (const each of [...EMPTY, 'etc']) await mkdir(join(root, each), { recursive: true })
  await rm(join(root, 'var/tmp'), { recursive: true })
  await symlink('/tmp', join(root, 'var/tmp'))
  for (const [path, text] of [...Object.entries(FILES), [AGENT_FILE, ''] as const]) {
    await rm(join(root, path), { recursive: true, force: true })
    await writeFile(join(root, path), text, { flag: 'wx', mode: path === AGENT_FILE ? 0o755 : 0o644 })
  }
}
