import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { mustRun } from '../../cli/setup/tool.ts'

/** Makes an image of one layer, a tar of a root file system, and pushes it; answers when the registry has it. */
export async function pushRoot(reference: string, rootTar: string, entrypoint?: string): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'dragoman-push-'))
  const layout = join(work, 'layout')
  const image = `${layout}:image`
  try {
    await mustRun('umoci', ['init', '--layout', layout])
    await mustRun('umoci', ['new', '--image', image])
    await mustRun('umoci', ['raw', 'add-layer', '--image', image, rootTar])
    if (entrypoint) await mustRun('umoci', ['config', '--image', image, '--config.entrypoint', entrypoint])
    await mustRun('skopeo', ['copy', '--quiet', '--dest-tls-verify=false', `oci:${image}`, `docker://${reference}`])
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
