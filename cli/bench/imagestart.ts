import { readFileSync, realpathSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { loadavg, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import type { LangId } from '#lib/domain/ids.ts'

import { ownServer } from '../own-server.ts'
import { deployUntested, pushTiny } from '../testing/deploy-image.ts'
import { percentile, round } from './figures.ts'
import { startToPrompt, UNLIMITED } from './session.ts'

const TIMES = 40
/** Starts before those that count: the first on an image also puts its mount space together. */
const WARM_UP = 3
const lang = 'python' as LangId
const CONFIG = resolve(import.meta.dirname, '../../langs/python.yaml')

/**
 * From the start call to the prompt, with an empty pool, on the machine itself and on an image with the same Python. In turn, so
 * that both see the same machine.
 */
export async function imagestart() {
  const dataDir = await mkdtemp(join(tmpdir(), 'dragoman-imagestart-'))
  const none = { DRAGOMAN_POOL_MEMORY_MIB: '0', ...UNLIMITED }
  const host = await ownServer('bench', none)
  const deployed = await ownServer('bench on images', { ...none, DRAGOMAN_DATA_DIR: dataDir })
  try {
    // The real name of the program says where its library is.
    const library = `/usr/lib/${realpathSync('/usr/bin/python3').split('/').at(-1)}`
    const image = await pushTiny(dataDir, lang, { commands: ['python3'], folders: [library] })
    const before = Date.now()
    await deployUntested(dataDir, { lang, image, config: readFileSync(CONFIG, 'utf8') })
    await isDeployed(deployed.url)
    const deployMs = Date.now() - before
    const [onHost, onImage]: [number[], number[]] = [[], []]
    for (let n = -WARM_UP; n < TIMES; n++) {
      const both = [await startToPrompt(host.url), await startToPrompt(deployed.url)] as const
      if (n < 0) continue
      onHost.push(both[0])
      onImage.push(both[1])
    }
    const [hostP95, imageP95] = [percentile(onHost, 0.95), percentile(onImage, 0.95)]
    return {
      coldP95OverHost: Math.round((imageP95 / hostP95) * 100) / 100,
      ...{ imageP95Ms: round(imageP95), hostP95Ms: round(hostP95) },
      ...{ imageP50Ms: round(percentile(onImage, 0.5)), hostP50Ms: round(percentile(onHost, 0.5)) },
      ...{ deployMs, load: round(loadavg()[0] ?? 0), n: TIMES },
    }
  } finally {
    await Promise.all([host.stop(), deployed.stop()])
    await rm(dataDir, { recursive: true, force: true })
  }
}

/** Until the metrics know of the image. */
async function isDeployed(url: string): Promise<void> {
  for (;;) {
    const text = await (await fetch(`${url}/metrics`)).text()
    if (/^dragoman_languages_deployed 1$/m.test(text)) return
    await new Promise((done) => setTimeout(done, 20))
  }
}
