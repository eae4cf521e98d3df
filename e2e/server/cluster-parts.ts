import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { mustRun } from '../../cli/setup/tool.ts'
import { kubeconfigPath, kubectl } from '../../k8s/test-cluster/kubectl.ts'

/** Stops a program of the test cluster where it stands; what is given lets it go on. */
export function hold(program: 'kube-apiserver' | 'kubelet'): () => void {
  const path = join(dirname(kubeconfigPath()), `${program}.pid`)
  if (!existsSync(path)) throw new Error(`Only the ${program} of our own test cluster can be held`)
  const pid = Number(readFileSync(path, 'utf8'))
  process.kill(pid, 'SIGSTOP')
  return () => void process.kill(pid, 'SIGCONT')
}

/** As if the cable of its node were pulled: no packet to it or from it comes through, until what is given is called. */
export async function cutOff(ip: string): Promise<() => Promise<void>> {
  const rules = [
    ['OUTPUT', '-d', ip],
    ['INPUT', '-s', ip],
  ] as const
  const change = async (how: '-I' | '-D') => {
    for (const [chain, ...rule] of rules) await mustRun('iptables', ['-w', how, chain, ...rule, '-j', 'DROP'])
  }
  await change('-I')
  let done: Promise<void> | undefined
  return () => (done ??= change('-D'))
}

export const uidOf = (namespace: string, pod: string) =>
  kubectl(['get', 'pod', pod, '-n', namespace, '-o', 'jsonpath={.metadata.uid}'])
