import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Every overlay as `kubectl apply -k` sends it, in k8s/rendered: for reviews, which see what a line really changes, and for who
 * has a kubectl older than 1.21, whose kustomize knows no components. `node k8s/render.ts` writes them.
 */
export const OVERLAYS = ['k3s', 'production', 'production-nginx', 'production-restricted', 'test'] as const
export type Overlay = (typeof OVERLAYS)[number]

const SOURCES = ['base/*', 'components/*/*', 'overlays/*/*']

export const renderedPath = (overlay: Overlay) => join(import.meta.dirname, 'rendered', `${overlay}.yaml`)

/** The first line of what was made of the files as they are. */
export function headLine(): string {
  const hash = createHash('sha256')
  for (const path of globSync(SOURCES, { cwd: import.meta.dirname }).toSorted()) {
    const text = readFileSync(join(import.meta.dirname, path))
    hash.update(`${path}\0${text.length}\0`).update(text)
  }
  return `# Made by node k8s/render.ts of ${hash.digest('hex')}`
}

export function render(overlay: Overlay): string {
  const folder = join(import.meta.dirname, 'overlays', overlay)
  return `${headLine()}\n${execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' })}`
}

if (import.meta.main) {
  mkdirSync(join(import.meta.dirname, 'rendered'), { recursive: true })
  for (const overlay of OVERLAYS) writeFileSync(renderedPath(overlay), render(overlay))
}
