import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

import type { SandboxId } from '#lib/domain/ids.ts'

import type { World } from './testing.ts'

/** A server that starts these sandboxes, tells their keys, and is then killed by SIGKILL. */
export async function killedServer(world: World, ids: readonly SandboxId[]): Promise<string[]> {
  const script = `
    const { ociSandboxes } = await import(${JSON.stringify(join(import.meta.dirname, 'sandboxes.ts'))})
    const { DEFAULT_LIMITS } = await import(${JSON.stringify(join(import.meta.dirname, '../../domain/limits.ts'))})
    const sandboxes = await ociSandboxes(${JSON.stringify(world.options)})
    const keys = []
    for (const id of ${JSON.stringify(ids)}) {
      const started = await sandboxes.start(id, { limits: DEFAULT_LIMITS }, AbortSignal.timeout(30_000))
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
