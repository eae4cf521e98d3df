import { execFile } from 'node:child_process'
import { copyFile, cp, mkdir, realpath, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

import type { ImageRoots } from '#lib/application/ports/image-roots.ts'
import { type Digest, digestOfHex } from '#lib/domain/digest.ts'
import type { Foundation } from '#lib/domain/foundation.ts'
import { langId, type LangId } from '#lib/domain/ids.ts'
import { err, ok } from '#lib/domain/result.ts'

const run = promisify(execFile)
export const AGENT = resolve(import.meta.dirname, '../../../.dragoman/agent/dragoman-agent')

/** What the agent and a visitor's shell take, and no more. */
const COMMANDS = ['bash', 'sh', 'setsid', 'perl', 'cat', 'cp', 'mkdir', 'ls', 'grep', 'head', 'id', 'sleep', 'touch', 'true']
/** What an image of ours has in any case. */
const FOLDERS = ['dev', 'etc', 'home/visitor', 'opt/dragoman', 'proc', 'run/dragoman', 'tmp', 'usr/bin', 'usr/sbin', 'usr/lib']
const LINKS = ['bin', 'sbin', 'lib', 'lib64']
const PASSWD = 'root:x:0:0:root:/:/bin/sh\nvisitor:x:1000:1000:Visitor:/home/visitor:/bin/bash\n'

/**
 * An image's files, made in a fraction of a second of this machine's own: a shell with what it stands on. `word` is what its
 * /etc/word says; `folders` of the machine are copied whole, with their
 * times: what an interpreter has compiled counts only for a file of the same time.
 */
export async function tinyRoot(
  root: string,
  { word = 'tiny', commands = [] as readonly string[], folders = [] as readonly string[] } = {},
): Promise<void> {
  for (const folder of [...FOLDERS, 'usr/lib64']) await mkdir(join(root, folder), { recursive: true })
  for (const link of LINKS) await symlink(`usr/${link}`, join(root, link))
  const paths = await Promise.all([...COMMANDS, ...commands].map(async (name) => whole(`/usr/bin/${name}`)))
  const libraries = await Promise.all([...paths, AGENT].map(librariesOf))
  for (const path of new Set([...paths, ...libraries.flat()])) {
    await mkdir(join(root, dirname(path)), { recursive: true })
    await copyFile(path, join(root, path))
  }
  for (const folder of folders)
    await cp(folder, join(root, folder), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  await writeFile(join(root, 'etc/passwd'), PASSWD)
  await writeFile(join(root, 'etc/word'), `${word}\n`)
}

/** The path with links of folders followed; the name itself stays. */
const whole = async (path: string) => join(await realpath(dirname(path)), basename(path))

async function librariesOf(path: string): Promise<string[]> {
  const { stdout } = await run('ldd', [path])
  const found = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, library = '']) => library)
  return Promise.all(found.map(whole))
}

export const tiny = (image: Digest = digestOfHex('7'.repeat(64)), agent = '1.0.0'): Foundation => ({
  lang: langId('tiny') as LangId,
  image,
  agent,
})

/** Roots that were put into folders by hand; `held` counts those who need each. */
export function fixedRoots(folders: Readonly<Record<Digest, string>>, agentPath: string) {
  const held: Record<string, number> = {}
  const roots: ImageRoots = {
    async hold({ image }, signal) {
      signal.throwIfAborted()
      const rootPath = folders[image]
      if (rootPath === undefined) return err({ code: 'bad_image', why: 'there is none' })
      held[image] = (held[image] ?? 0) + 1
      let released = false
      const release = () => {
        if (!released) held[image] = (held[image] ?? 0) - 1
        released = true
      }
      return ok({ rootPath, agentPath, release })
    },
  }
  return { ...roots, held: (image: Digest) => held[image] ?? 0 }
}
