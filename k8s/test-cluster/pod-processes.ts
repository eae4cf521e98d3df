import { readdirSync, readFileSync } from 'node:fs'

/** Of a pod's containers, where its node is this machine; the cluster's own waiting process is none of them. */
export function podProcesses(uid: string): number[] {
  const names = [uid, uid.replaceAll('-', '_')]
  return readdirSync('/proc').flatMap((pid) => {
    try {
      const isIn = /^\d+$/.test(pid) && names.some((name) => readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(name))
      return isIn && readFileSync(`/proc/${pid}/comm`, 'utf8') !== 'pause\n' ? Number(pid) : []
    } catch {
      return [] // gone meanwhile
    }
  })
}
