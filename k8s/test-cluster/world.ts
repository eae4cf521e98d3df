import { readFileSync } from 'node:fs'
import { copyFile, mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'

import { startEmbedded } from '#lib/adapters/postgres/embedded.ts'
import { TOP } from '../../cli/setup/stamps.ts'
import { tool } from '../../cli/setup/tool.ts'
import { REGISTRY } from './places.ts'

/** What tests on a cluster find ready: a language that was really built, tested and deployed, and where all of it is kept. */
const world = z.object({
  /** Where the cluster's nodes and this machine find images. */
  registryUrl: z.string(),
  /** A folder of the node: the release `VERSION` is `VERSION/dragoman-agent` in it. */
  agentCache: z.string(),
  agentVersion: z.string(),
  /** `sha256:…` of the deployed image. */
  images: z.object({ python: z.string() }),
  /** Folder of PostgreSQL's socket; `own-database.ts` makes databases there that have the deployment in them. */
  databaseFolder: z.string(),
})
export type World = z.infer<typeof world>

const LANGS = ['python'] as const
const DATA_DIR = '.dragoman/test-k8s'
/** The world of a run of tests is found by this name, a variable of their environment. */
export const WORLD_ENV = 'TEST_WORLD'

/** The world that `npm run test:k8s` made, or `npm run test-cluster world`. */
export function testWorld(): World {
  const path = process.env[WORLD_ENV]
  if (!path)
    throw new Error(`$${WORLD_ENV} names no file: use \`npm run test:k8s\`, or \`npm run test-cluster world\` and what it prints`)
  return world.parse(JSON.parse(readFileSync(path, 'utf8')))
}

export type OpenWorld = {
  /** The file that says what there is. */
  readonly path: string
  /** Ends its database. */
  stop(): Promise<void>
}

/** Builds the language as anybody would, from nothing, and keeps its database open. */
export async function openWorld(signal: AbortSignal): Promise<OpenWorld> {
  await rm(join(TOP, DATA_DIR), { recursive: true, force: true })
  const images = await buildLanguages(signal)
  const stamp = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(TOP, '.dragoman/agent/stamp.json'), 'utf8')))
  const databaseFolder = join(TOP, DATA_DIR, 'run')
  const database = await startEmbedded({ dataDir: join(TOP, DATA_DIR, 'postgres'), runDir: databaseFolder })
  const made: World = {
    registryUrl: `http://${REGISTRY}`,
    agentCache: join(TOP, DATA_DIR, 'node/agents'),
    agentVersion: stamp.version,
    images,
    databaseFolder,
  }
  await mkdir(join(made.agentCache, stamp.version), { recursive: true })
  await copyFile(join(TOP, '.dragoman/agent/dragoman-agent'), join(made.agentCache, stamp.version, 'dragoman-agent'))
  const path = join(TOP, DATA_DIR, 'world.json')
  await writeFile(path, JSON.stringify(made, undefined, 2))
  return { path, stop: database.stop }
}

const built = z.object({
  builds: z.array(
    z.object({
      lang: z.enum(LANGS),
      ok: z.boolean(),
      steps: z.array(z.object({ step: z.string(), artifact: z.string().optional() })),
    }),
  ),
})

async function buildLanguages(signal: AbortSignal): Promise<World['images']> {
  const env = { DRAGOMAN_DATA_DIR: DATA_DIR, DRAGOMAN_REGISTRY_URL: `http://${REGISTRY}` }
  const command = [join(TOP, 'cli/dragoman/main.ts'), 'build', ...LANGS, '--promote', '--json']
  const { code, stdout, output } = await tool(process.execPath, command, { env, signal })
  if (code !== 0) throw new Error(`Cannot make the tests' world: the build ended with ${code}\n${output}`)
  const { builds } = built.parse(JSON.parse(stdout))
  const imageOf = (lang: (typeof LANGS)[number]) => {
    const image = builds.find((build) => build.lang === lang)?.steps.find(({ step }) => step === 'image')?.artifact
    if (!image) throw new Error(`Cannot make the tests' world: no image of ${lang}\n${output}`)
    return image
  }
  return { python: imageOf('python') }
}
