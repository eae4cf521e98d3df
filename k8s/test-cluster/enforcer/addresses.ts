import { globSync, mkdirSync, readFileSync, watch } from 'node:fs'
import { dirname } from 'node:path'
import { z } from 'zod'

import { POD_ADDRESSES } from '../left.ts'

/** What the network's plugins keep of one pod, written before any of its programs starts. */
const kept = z.object({
  cniArgs: z.array(z.tuple([z.string(), z.string()])),
  result: z.object({ ips: z.tuple([z.object({ address: z.string() })]) }),
})

export type Addresses = {
  /** The address that the pod with this uid was given. */
  of(uid: string): string | undefined
  readonly onChange: (tell: () => void) => void
}

/** Addresses of pods as soon as they have them, about a second before the API says so. */
export function keepAddresses(): Addresses {
  const files = new Map<string, { readonly uid: string; readonly address: string }>()
  let byUid = new Map<string, string>()
  let tell = () => undefined as void

  function look(): void {
    const there = new Set(globSync(POD_ADDRESSES))
    for (const file of files.keys()) if (!there.has(file)) files.delete(file)
    for (const file of there) {
      const found = files.get(file) ?? read(file)
      if (found) files.set(file, found)
    }
    byUid = new Map([...files.values()].map(({ uid, address }) => [uid, address]))
    tell()
  }
  const folder = dirname(POD_ADDRESSES)
  mkdirSync(folder, { recursive: true })
  watch(folder, look)
  look()
  return { of: (uid) => byUid.get(uid), onChange: (told) => void (tell = told) }
}

/** Undefined while it is half written; the next change comes when it is whole. */
function read(file: string) {
  try {
    const { cniArgs, result } = kept.parse(JSON.parse(readFileSync(file, 'utf8')))
    const uid = cniArgs.find(([name]) => name === 'K8S_POD_UID')?.[1]
    return uid === undefined ? undefined : { uid, address: result.ips[0].address.replace(/\/.*/, '') }
  } catch {
    return undefined
  }
}
