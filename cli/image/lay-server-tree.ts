import { existsSync } from 'node:fs'
import { cp, link, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { TOP } from '../setup/stamps.ts'
import { productionPackages, readLock } from './production-packages.ts'

/** Where all of it lies in the image. */
export const HOME = 'opt/dragoman'

/** Our own, as they are in the checkout; `.next` and the plain pages are built. */
const CODE = [
  ...['package.json', 'package-lock.json', 'server.ts', 'next.config.js'],
  ...['lib', 'app', 'cli', 'langs', 'prisma', 'public'],
  ...['.next', '.dragoman/plain'],
]
/** Of a package, and of ours: what only a compiler, a person or another database reads. */
const LEFT_OUT = [
  /\.(?:map|d\.ts|d\.mts|d\.cts|md|flow)$/,
  /\.(?:test|contract|oci|pg|k8s)\.tsx?$/,
  /(?:^|\/)\.next\/(?:cache|trace|trace-build|types|diagnostics|turbopack)(?:\/|$)/,
  /^node_modules\/next\/dist\/(?:esm|docs|next-devtools|bundle-analyzer|server\/capsize-font-metrics\.json)(?:\/|$)/,
  /^node_modules\/next\/dist\/compiled\/(?:next-devtools)(?:\/|$)/,
  /^node_modules\/next\/dist\/compiled\/(?:next-server|react[^/]*)\/.*(?:\.dev\.|development)/,
  /^node_modules\/@prisma\/client\/runtime\/.*(?:cockroachdb|mysql|sqlite|sqlserver|edge|browser)/,
  /^node_modules\/node-linux-[^/]+\/(?:include|share)(?:\/|$)/,
  /^lib\/client\/.*\.tsx$/,
  /^langs\/tools\/node_modules(?:\/|$)/,
]

/** What a recipe gets where it installs from npm; Node is the one that the server has. */
const TOOLS = ['node_modules/npm', 'package.json', 'package-lock.json'].map((path) => `.dragoman/tools/${path}`)

export type TreeLayer = { readonly folder: string; readonly createdBy: string }

/**
 * The running server's files, in folders that become layers: what changes seldom is a layer that nodes have already when a new
 * version comes. The set-up must have been done.
 */
export async function layServerTree(folder: string, arch: string): Promise<readonly TreeLayer[]> {
  const packages = [...productionPackages(readLock(TOP)), `node_modules/node-linux-${arch}`]
  const bin = `node_modules/.bin/node`
  const layers = [
    { name: 'packages', paths: [...packages, ...TOOLS] },
    { name: 'programs', paths: ['.dragoman/agent', '.dragoman/runner'] },
    { name: 'code', paths: CODE },
  ]
  for (const { name, paths } of layers) for (const path of paths) await copy(path, join(folder, name, HOME, path))

  const at = (path: string) => join(folder, 'packages', HOME, path)
  await mkdir(dirname(at(bin)), { recursive: true })
  await symlink(`../node-linux-${arch}/bin/node`, at(bin))
  await mkdir(at('.dragoman/tools/bin'), { recursive: true })
  await link(at(`node_modules/node-linux-${arch}/bin/node`), at('.dragoman/tools/bin/node'))
  const command = join(folder, 'code/usr/local/bin/dragoman')
  await mkdir(dirname(command), { recursive: true })
  await symlink(`/${HOME}/cli/dragoman.mjs`, command)
  await name(folder)
  return layers.map((layer) => ({ folder: join(folder, layer.name), createdBy: `dragoman: ${layer.name}` }))
}

/** Only the top folder of each copy is asked about by its own path: what is left out is named from the checkout's top. */
async function copy(path: string, to: string): Promise<void> {
  const from = join(TOP, path)
  if (!existsSync(from)) throw new Error(`Cannot make the image: ${path} is not there`)
  await mkdir(dirname(to), { recursive: true })
  const isWanted = (source: string) => !LEFT_OUT.some((rule) => rule.test(source.slice(TOP.length + 1)))
  // A nested package comes by its own name, if it is wanted at all.
  const isNested = (source: string) => path.startsWith('node_modules/') && source.slice(from.length).includes('/node_modules')
  await cp(from, to, { recursive: true, verbatimSymlinks: true, filter: (source) => isWanted(source) && !isNested(source) })
}

/** Some programs ask who they are. */
async function name(folder: string): Promise<void> {
  const etc = join(folder, 'code', 'etc')
  await mkdir(etc, { recursive: true })
  await writeFile(
    join(etc, 'passwd'),
    'root:x:0:0:root:/root:/usr/sbin/nologin\ndragoman:x:10001:10001::/data:/usr/sbin/nologin\n',
  )
  await writeFile(join(etc, 'group'), 'root:x:0:\ndragoman:x:10001:\n')
}
