import { execFile } from 'node:child_process'
import { copyFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { aptEnvironment, archivesOf } from '#lib/adapters/debian/archives.ts'

const run = promisify(execFile)
const LOG_BYTES_MAX = 16 * 1024 * 1024

/** $1 root, and then packages. The mounts end with the namespace. */
const INSTALL = `set -e
root=$1; shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
chroot "$root" apt-get -q update
chroot "$root" apt-get -q install -y --no-install-recommends "$@"`

/**
 * What a person would do without us: the packages in `root`, a fresh copy of the system. Copying is not counted, in ms. The copy
 * is left to whoever has the folder: ext4 without a journal looks, at every file that is made, at all that were removed nearby
 * in the last minutes, and whoever came next would pay for it.
 */
export async function bareInstall(system: string, root: string, packages: readonly string[]): Promise<number> {
  await run('cp', ['-a', system, root])
  await writeFile(join(root, 'etc/apt/sources.list'), `${archivesOf(undefined).lines.join('\n')}\n`)
  for (const file of ['etc/resolv.conf', 'etc/hosts']) await copyFile(join('/', file), join(root, file))
  await writeFile(join(root, 'usr/sbin/policy-rc.d'), '#!/bin/sh\nexit 101\n', { mode: 0o755 })

  const from = performance.now()
  await run('unshare', ['--mount', '--pid', '--fork', 'sh', '-c', INSTALL, 'sh', root, ...packages], {
    env: aptEnvironment({ DEBIAN_FRONTEND: 'noninteractive' }),
    maxBuffer: LOG_BYTES_MAX,
  })
  return performance.now() - from
}
