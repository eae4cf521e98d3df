import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** What `/proc` says of one process of this machine. */
export type HostProcess = { readonly pid: number; readonly uid: number; readonly state: string; readonly command: string }

/** Ids from `first` on, as many as there can be sandboxes, two each. */
export type UidRange = { readonly first: number; readonly count: number }

/** The living and the dead of these ids. */
export const processesOf = ({ first, count }: UidRange): HostProcess[] =>
  allPids()
    .flatMap(processOf)
    .filter(({ uid }) => uid >= first && uid < first + count)

/** The living and the dead that are numbered in the same namespace as this one is now, also when it is gone. */
export function processesBeside(pid: number): () => HostProcess[] {
  const namespace = numberedIn(pid)
  if (namespace === undefined) throw new Error(`There is no process ${pid}`)
  return () => allPids().flatMap((one) => (numberedIn(one) === namespace ? processOf(one) : []))
}

export const allPids = () =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)

function numberedIn(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`)
  } catch {
    return undefined // it ended meanwhile
  }
}

export const zombiesOf = (range: UidRange) => processesOf(range).filter(({ state }) => state === 'Z')

function processOf(pid: number): HostProcess[] {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1')
    const command = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim()
    const field = (name: string) => new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? ''
    return [{ pid, uid: Number(field('Uid')), state: field('State'), command: command || field('Name') }]
  } catch {
    return [] // it ended meanwhile
  }
}
