import { spawn, spawnSync } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Readable } from 'node:stream'

import type { Limits } from '#lib/domain/limits.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import { bundleConfig, type BundleInputs } from './bundle.ts'
import type { Group } from './cgroups.ts'
import type { MountSpace } from './mount-space.ts'
import type { OciSpec } from './oci-spec.ts'
import { processOf, type ProcessId } from './processes.ts'

export type RuntimeName = 'runc' | 'crun' | 'runsc'

/** What a runtime and then the agent wrote to its error output: the last of it is kept for the log. */
const WORDS_KEPT = 2000

export type Launch = {
  readonly id: string
  readonly bundle: string
  /** Where its root is. */
  readonly space: MountSpace
  readonly pidFile: string
  /** A listening socket through which the sandbox's first process is reached. */
  readonly listener: number
  /** The folders that the sandbox shall be in; the bundle names the same. */
  readonly group: Group
  readonly ids: BundleInputs['ids']
  readonly limits: Limits
  readonly signal: AbortSignal
}

/** Its first process; `words` answers what was said on the runtime's error output, also later by the agent. */
export type Launched = { readonly init: ProcessId; words(): string }

/** An OCI runtime's command line. */
export type Runtime = {
  bundle(inputs: BundleInputs): OciSpec
  launch(launch: Launch): Promise<Result<Launched, string>>
  /** Where it keeps what it knows of this container. */
  folderOf(id: string): string
}

/** `runc`, or one that is used like it: the agent has the listening socket as its descriptor 3. */
export function ociRuntime(path: string, stateDir: string): Runtime {
  const root = join(stateDir, 'runtime')
  return {
    folderOf: (id) => join(root, id),
    bundle: bundleConfig,
    launch({ id, bundle, space, pidFile, listener, signal }) {
      const run = ['--root', root, 'run', '--detach', '--preserve-fds', '1', '--bundle', bundle, '--pid-file', pidFile, id]
      return runDetached(space.enter([path, ...run]), { pidFile, listener, signal })
    },
  }
}

/** Runs a command that leaves a sandbox behind and its first process in a file. */
export async function runDetached(
  [command, ...args]: readonly [string, ...string[]],
  { pidFile, listener, signal }: Pick<Launch, 'pidFile' | 'listener' | 'signal'>,
): Promise<Result<Launched, string>> {
  // A session of its own: what is typed or sent to the server's group does not reach the sandbox.
  const child = spawn(command, args, { cwd: '/', detached: true, stdio: ['ignore', 'ignore', 'pipe', listener] })
  const words = lastWords(child.stderr)
  const abort = () => child.kill('SIGKILL')
  signal.addEventListener('abort', abort)
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  }).finally(() => signal.removeEventListener('abort', abort))
  if (signal.aborted) return err('the start was given up')
  if (code !== 0) return err(words() || `the runtime ended with status ${code}`)

  const init = processOf(Number(await readFile(pidFile, 'utf8')))
  return init ? ok({ init, words }) : err(words() || 'the agent ended at once')
}

/** Reads a stream to its end without keeping the process alive for it. */
function lastWords(stream: Readable | null): () => string {
  let kept = ''
  if (!stream) return () => kept
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => (kept = (kept + text).slice(-WORDS_KEPT)))
  stream.on('error', () => undefined) // the other end is gone: so are its words
  if (stream instanceof Socket) stream.unref()
  return () => kept.trim()
}

/** The first line of what it says to `--version`; undefined when there is none. */
export function versionOf(path: string): string | undefined {
  const { status, stdout } = spawnSync(path, ['--version'], { encoding: 'utf8' })
  return status === 0 ? stdout.split('\n')[0] : undefined
}
