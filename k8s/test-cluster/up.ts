import { existsSync } from 'node:fs'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

import { mustRun, tool } from '../../cli/setup/tool.ts'
import { kubeconfig, makeCertificates } from './certificates.ts'
import { takeDown } from './down.ts'
import { FIXED_FOLDERS } from './left.ts'
import { makeNetwork } from './network.ts'
import { NODE, PAUSE_IMAGE, type Places } from './places.ts'
import { cameTrue, startProgram } from './processes.ts'
import { ANSWERS, programs } from './programs.ts'
import { pushRoot } from './push.ts'
import { settingsFiles } from './settings.ts'

/** On a machine that is busy otherwise; at rest each takes a few seconds. */
const ANSWER_MS_MAX = 60_000

/** Starts all parts of a cluster whose programs are built, and waits until its node takes pods. What ran before is ended. */
export async function bringUp(places: Places): Promise<void> {
  await takeDown(places)
  const theirs = FIXED_FOLDERS.find((folder) => existsSync(folder))
  if (theirs) throw new Error(`Cannot start a cluster beside another: ${theirs} is there, and is not ours to write to`)
  for (const folder of [places.run, places.pki, places.cni, places.kubelet]) await mkdir(folder, { recursive: true, mode: 0o700 })
  await makeCertificates(places)
  for (const holder of ['admin', 'kubelet', 'proxy'] as const) {
    await writeFile(join(places.run, `${holder}.kubeconfig`), kubeconfig(places, holder), { mode: 0o600 })
  }
  for (const [name, text] of Object.entries(settingsFiles(places))) {
    await mkdir(dirname(join(places.run, name)), { recursive: true })
    await writeFile(join(places.run, name), text)
  }
  await makeNetwork(places)
  await startParts(places)
}

async function startParts(places: Places): Promise<void> {
  const all = programs(places)
  const start = (name: keyof typeof all) => startProgram(places.run, all[name])
  await Promise.all([start('registry'), start('containerd'), start('etcd')])
  await answers(ANSWERS.etcd)
  await start('apiserver')
  await answers(ANSWERS.registry)
  await pushPause(places)
  const ask = (...words: string[]) => tool('kubectl', ['--kubeconfig', places.kubeconfig, ...words])
  await mustCome('the API server', async () => (await ask('get', '--raw', '/readyz')).code === 0)
  await Promise.all([
    start('controllers'),
    start('scheduler'),
    start('kubelet'),
    start('proxy'),
    start('enforcer'),
    start('podsRegistry'),
  ])
  const isReady = async () => {
    const { stdout } = await ask('get', 'node', NODE.name, '-o', 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
    return stdout === 'True'
  }
  await mustCome('the node', isReady)
}

const answers = (url: string) =>
  mustCome(url, () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    ),
  )

async function mustCome(what: string, isThere: () => Promise<boolean>): Promise<void> {
  if (await cameTrue(ANSWER_MS_MAX, isThere)) return
  throw new Error(`Cannot start the cluster: ${what} did not answer in ${ANSWER_MS_MAX / 1000} s; see its log`)
}

async function pushPause({ bin, run }: Places): Promise<void> {
  const root = join(run, 'pause-root')
  await mkdir(root)
  await copyFile(join(bin, 'pause'), join(root, 'pause'))
  await mustRun('tar', ['-C', root, '-cf', `${root}.tar`, 'pause'])
  await pushRoot(PAUSE_IMAGE, `${root}.tar`, '/pause')
}
