import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'

import type { Digest } from '#lib/domain/digest.ts'
import { renderedPath } from '../render.ts'
import { TOP } from '../../cli/setup/stamps.ts'
import { tool } from '../../cli/setup/tool.ts'
import { kubectl } from './kubectl.ts'
import { REGISTRY } from './places.ts'
import { pushPublic } from './public-images.ts'

const NAMESPACES = ['dragoman', 'dragoman-sessions', 'dragoman-builds', 'dragoman-nodes']
/** As the overlay has it; the node is this machine. */
const AGENTS = '/var/lib/dragoman-test'
const IMAGE_MS_MAX = 5 * 60_000
/** A busy node takes its time to end pods. */
const GONE_MS_MAX = 150_000
const LOOK_MS = 500

export type Installed = {
  /** All of the overlay, as it was applied. */
  readonly manifests: string
  /** The server's image, as nodes pull it. */
  readonly image: string
  end(): Promise<void>
}

/** The overlay `test` as an operator applies it, with the image made of this checkout; it says nothing of when it is ready. */
export async function install(): Promise<Installed> {
  await removeAll() // a killed run's
  const image = `${REGISTRY}/dragoman/server@${await pushServer()}`
  await pushPublic(`http://${REGISTRY}`)
  // By digest, so that a node that has an older image of this version does not take that.
  const manifests = readFileSync(renderedPath('test'), 'utf8').replaceAll(/\S+\/dragoman\/server:\S+/g, image)
  await kubectl(['apply', '-f', '-'], manifests)
  return { manifests, image, end: removeAll }
}

async function pushServer(): Promise<Digest> {
  const dataDir = await mkdtemp(join(tmpdir(), 'dragoman-image-'))
  try {
    const env = { DRAGOMAN_DATA_DIR: dataDir, DRAGOMAN_REGISTRY_URL: `http://${REGISTRY}` }
    const command = [join(TOP, 'cli/dragoman/main.ts'), 'image', 'server', '--json']
    const { code, stdout, output } = await tool(process.execPath, command, { env, signal: AbortSignal.timeout(IMAGE_MS_MAX) })
    if (code !== 0) throw new Error(`Cannot make the image of the server: ${output}`)
    return z.object({ digest: z.string() }).parse(JSON.parse(stdout)).digest as Digest // the command printed one
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Who would make pods anew goes first; then pods go at once, since nothing in a test has manners to keep. */
async function removeAll(): Promise<void> {
  const classes = ['server', 'session', 'build', 'pool'].map((name) => `dragoman-${name}`)
  const makers = 'deployments,replicasets,daemonsets,statefulsets,jobs'
  for (const namespace of NAMESPACES) {
    await kubectl(['delete', makers, '--all', '-n', namespace, '--cascade=orphan', '--ignore-not-found'])
    await kubectl(['delete', 'pods', '--all', '-n', namespace, '--grace-period=1', '--ignore-not-found', '--wait=false'])
  }
  await kubectl(['delete', 'namespace', ...NAMESPACES, '--ignore-not-found', '--wait=false'])
  for (const deadline = performance.now() + GONE_MS_MAX; (await left()) !== ''; await setTimeout(LOOK_MS))
    if (performance.now() > deadline) throw new Error(`Still there: ${await left()}`)
  await kubectl(['delete', 'priorityclass', '--ignore-not-found', ...classes])
  await rm(AGENTS, { recursive: true, force: true })
}

const left = () => kubectl(['get', 'namespaces', ...NAMESPACES, '--ignore-not-found', '-o', 'name'])
