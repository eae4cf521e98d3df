import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import type { Foundation } from '#lib/domain/foundation.ts'
import type { SandboxId } from '#lib/domain/ids.ts'

import type { World } from './testing.ts'

/** A server that starts these sandboxes, on an image or the machine, tells their keys, and is then killed by SIGKILL. */
export async function killedServer(
  world: World,
  ids: readonly SandboxId[],
  image?: { readonly rootPath: string; readonly foundation: Foundation },
): Promise<string[]> {
  const script = `
    const { ociSandboxes } = await import(${JSON.stringify(join(import.meta.dirname, 'sandboxes.ts'))})
    const { DEFAULT_LIMITS } = await import(${JSON.stringify(join(import.meta.dirname, '../../domain/limits.ts'))})
    const { fixedRoots } = await import(${JSON.stringify(join(import.meta.dirname, 'testing-image.ts'))})
    const image = ${JSON.stringify(image ?? null)}
    const options = ${JSON.stringify(world.options)}
    const roots = image && fixedRoots({ [image.foundation.image]: image.rootPath }, options.agentPath)
    const sandboxes = await ociSandboxes({ ...options, ...(roots && { roots }) })
    const keys = []
    for (const id of ${JSON.stringify(ids)}) {
      const started = await sandboxes.start(id, { limits: DEFAULT_LIMITS, ...(image && { foundation: image.foundation }) }, AbortSignal.timeout(30_000))
      keys.push(started.ok ? started.value.key : JSON.stringify(started.error))
    }
    console.log(JSON.stringify(keys))
    process.kill(process.pid, 'SIGKILL')
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exited = once(child, 'exit')
  const keys = JSON.parse(await text(child.stdout)) as string[]
  const [, signal] = await exited
  if (signal !== 'SIGKILL') throw new Error('The server ended by itself')
  return keys
}
