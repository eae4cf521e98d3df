import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { loadLanguages } from '#lib/adapters/lang-files/load-languages.ts'

import { ownServer } from '../own-server.ts'
import { percentile, round } from './figures.ts'
import { UNLIMITED } from './session.ts'
import { benchVisitor } from './visitor.ts'

const TIMES = 30
/** Between runs, so that the limit on runs of a session is not what is measured. */
const PAUSE_MS = 550
/** The sandbox's own path; the machine may have other pythons. */
const VISITOR_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const PROGRAMS = {
  // Leaves without the prompt that the run ends in, so that both sides end at the same place.
  python: 'import os\nprint("done", flush=True)\nos._exit(0)\n',
  c: '#include <stdio.h>\nint main(void) { puts("done"); return 0; }\n',
}

/** Run → output and exit at a client, less the same command started bare on this machine; in turn, medians. */
export async function run() {
  const server = await ownServer('bench', UNLIMITED)
  try {
    const python = await overhead(server.url, 'python')
    const c = await overhead(server.url, 'c')
    return {
      pythonOverheadP50Ms: round(python.run - python.bare),
      cOverheadP50Ms: round(c.run - c.bare),
      pythonRunP50Ms: round(python.run),
      pythonBareP50Ms: round(python.bare),
      cRunP50Ms: round(c.run),
      cBareP50Ms: round(c.bare),
      n: TIMES,
    }
  } finally {
    await server.stop()
  }
}

async function overhead(url: string, lang: keyof typeof PROGRAMS) {
  const language = loadLanguages([join(import.meta.dirname, '../../langs')]).languages.find(({ id }) => id === lang)
  if (!language) throw new Error(`There is no langs/${lang}.yaml`)
  const visitor = await benchVisitor(url)
  await visitor.start(lang)
  const folder = await mkdtemp(join(tmpdir(), 'dragoman-run-'))
  const [runs, bares]: [number[], number[]] = [[], []]
  try {
    await writeFile(join(folder, language.main), PROGRAMS[lang])
    const command = [language.compile, language.run].flatMap((part) => part?.trim() ?? []).join(' && ')
    for (let n = 0; n < TIMES; n++) {
      const bareFrom = performance.now()
      await promisify(execFile)('/bin/bash', ['-c', `${command} < /dev/null`], {
        cwd: folder,
        env: { ...process.env, PATH: VISITOR_PATH, HOME: folder },
      })
      bares.push(performance.now() - bareFrom)

      visitor.mark()
      const from = performance.now()
      const job = await visitor.run(language.main, PROGRAMS[lang])
      const { at } = await visitor.ended(job)
      await visitor.saw('done')
      runs.push(at - from)
      await new Promise((done) => setTimeout(done, PAUSE_MS))
    }
  } finally {
    visitor.close()
    await rm(folder, { recursive: true, force: true })
  }
  return { run: percentile(runs, 0.5), bare: percentile(bares, 0.5) }
}
