import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

import { mmdebstrapRoots } from '#lib/adapters/debian/base-roots.ts'
import { layoutImages } from '#lib/adapters/oci-layout/images.ts'
import { tarLayers } from '#lib/adapters/tar/layers.ts'
import { buildBase, type BuiltBase } from './build-base.ts'

/** A day old at most, as the archives' lists are; the day is in the name. */
const DAY = new Date().toISOString().slice(0, 10)
const KEPT = resolve(import.meta.dirname, `../../../.dragoman/test-base/${DAY}`)
const BASE = 'base.json'

/** A base image in a layout of the caller's own; it is made once a day, by whichever test comes first. */
export async function testBase(layout: string): Promise<Pick<BuiltBase, 'repository' | 'digest' | 'facts'>> {
  if (!existsSync(KEPT)) await makeBase()
  mkdirSync(dirname(layout), { recursive: true })
  cpSync(join(KEPT, 'images'), layout, { recursive: true })
  return JSON.parse(readFileSync(join(KEPT, BASE), 'utf8')) as BuiltBase // as it was written below
}

/** Beside, and then put in place: another test may make it too, and one of both stays. */
async function makeBase(): Promise<void> {
  mkdirSync(dirname(KEPT), { recursive: true })
  const fresh = mkdtempSync(`${KEPT}.`)
  const images = layoutImages(join(fresh, 'images'), { today: () => new Date() })
  const workDir = join(fresh, 'work')
  const deps = { images, layers: tarLayers(workDir), roots: mmdebstrapRoots(workDir) }
  let log = ''
  const built = await buildBase(deps, undefined, { signal: new AbortController().signal, log: (text) => void (log += text) })
  if (!built.ok) throw new Error(`${JSON.stringify(built.error)}\n${log}`)
  const { repository, digest, facts } = built.value
  writeFileSync(join(fresh, BASE), JSON.stringify({ repository, digest, facts }))
  try {
    renameSync(fresh, KEPT)
  } catch {
    rmSync(fresh, { recursive: true, force: true }) // the other was faster
  }
}
