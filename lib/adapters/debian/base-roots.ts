import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { BaseRefused, BaseRoots } from '#lib/application/ports/base-roots.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { aptEnvironment, aptFault, archivesOf } from './archives.ts'
import { cleanRoot } from './clean-root.ts'
import { newestBefore, rootFacts } from './root-facts.ts'

const LOG_CHARS_MAX = 20_000
/** Days in /etc/shadow and the like are counted from here, whenever it is made. */
const EPOCH = '946684800'
/** Manuals and other tongues are a third of a base; licences stay. */
const LEFT_OUT = ['/usr/share/man/*', '/usr/share/info/*', '/usr/share/locale/*', '/usr/share/doc/*']
const KEPT = ['/usr/share/locale/locale.alias', '/usr/share/doc/*/copyright']
/** Systems made by mmdebstrap, as root, from the archives that this machine's apt uses. */
export function mmdebstrapRoots(workDir: string): BaseRoots {
  return {
    async make(wanted, { signal, log }) {
      const { release, lines } = archivesOf(wanted)
      if (lines.length === 0) return err({ code: 'unknown_release', why: `no archive of this machine's has "${release}"` })
      await mkdir(workDir, { recursive: true })
      const path = join(workDir, `base-${randomUUID()}`)
      const remove = () => rm(path, { recursive: true, force: true })
      const begin = new Date()
      try {
        const made = await run(release, lines, path, signal, log)
        if (!made.ok) {
          await remove()
          return made
        }
        await cleanRoot(path)
        return ok({ path, facts: await rootFacts(path), newest: await newestBefore(path, begin), remove })
      } catch (error) {
        await remove()
        throw error
      }
    },
  }
}

/** In mount and process namespaces of its own: when it ends, or we do, nothing that it mounted or started is left. */
async function run(
  release: string,
  lines: readonly string[],
  path: string,
  signal: AbortSignal,
  log: (text: string) => void,
): Promise<Result<void, BaseRefused>> {
  const [command = '', ...args] = [
    ...['setpriv', '--pdeathsig', 'KILL', '--', 'unshare', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'],
    ...['mmdebstrap', '--mode=root', '--variant=minbase', '--format=directory'],
    '--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr',
    '--aptopt=Acquire::Retries "3"',
    '--aptopt=Acquire::http::Timeout "30"',
    '--dpkgopt=force-unsafe-io',
    ...LEFT_OUT.map((each) => `--dpkgopt=path-exclude=${each}`),
    ...KEPT.map((each) => `--dpkgopt=path-include=${each}`),
    ...[release, path, '-'],
  ]
  const child = spawn(command, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: aptEnvironment({ SOURCE_DATE_EPOCH: EPOCH }),
    signal,
    killSignal: 'SIGKILL',
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-LOG_CHARS_MAX)
      log(text)
    })
  }
  child.stdin.on('error', () => undefined).end(`${lines.join('\n')}\n`)
  const [code] = (await once(child, 'close')) as [number | null]
  signal.throwIfAborted()
  if (code === 0) return ok(undefined)
  const fault = aptFault(said)
  // Packages are not chosen here.
  return err(fault.code === 'unknown_package' ? { ...fault, code: 'failed' } : fault)
}
