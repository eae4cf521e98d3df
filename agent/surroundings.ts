import { readFileSync } from 'node:fs'

import type { FromAgent } from '#lib/protocol/agent.ts'

/** What the server of a pod wants to verify, told in the agent's hello. Like all that an agent says, it may be a lie. */
export type Surroundings = Pick<Extract<FromAgent, { type: 'hello' }>, 'uidMap' | 'pidsMax' | 'oneId'>

/** Where the limit of processes stands in a container: version 2 of control groups, and version 1. */
const PIDS_MAX = ['/sys/fs/cgroup/pids.max', '/sys/fs/cgroup/pids/pids.max']

export function lookAround(oneId: boolean): Surroundings {
  const uidMap = firstLine('/proc/self/uid_map')
  const pidsMax = PIDS_MAX.map((path) => Number(firstLine(path))).find((max) => Number.isInteger(max) && max > 0)
  return { oneId, ...(uidMap && { uidMap }), ...(pidsMax !== undefined && { pidsMax }) }
}

/** Its words with a space between; empty where it cannot be read. */
function firstLine(path: string): string {
  try {
    return readFileSync(path, 'latin1').split('\n', 1)[0]?.trim().replace(/\s+/g, ' ') ?? ''
  } catch {
    return '' // not mounted here
  }
}
