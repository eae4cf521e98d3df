import { openDatabase } from '#lib/adapters/pg/database.ts'
import { pgQuestions } from '#lib/adapters/pg/questions.ts'
import { langId, type LangId } from '#lib/domain/ids.ts'

import { percentile, round } from './figures.ts'
import { benchDatabase } from './workshop/database.ts'
import { BUILDS_EACH, LANGUAGES, seed } from './workshop/seed.ts'

const TIMES = 60
const STALE_DAYS = 3

/** The four questions over a thousand languages with a hundred builds each, in turn with a bare `SELECT 1` on the same way. */
export async function queries() {
  const postgres = await benchDatabase()
  try {
    const from = performance.now()
    await seed(postgres.adminUrl)
    const seedMs = performance.now() - from
    const database = openDatabase({ url: postgres.url, timeoutMs: 10_000 })
    const questions = pgQuestions(database)
    const asked = {
      stale: () => questions.stale(STALE_DAYS),
      config: (lang: LangId) => questions.compiledBy(lang),
      oldBase: () => questions.onOldBase(),
      testedTogether: (lang: LangId) => questions.testedTogether(lang),
      bare: () => database.sql.query('SELECT 1'),
    }
    const took: Record<keyof typeof asked, number[]> = { stale: [], config: [], oldBase: [], testedTogether: [], bare: [] }
    for (let n = 0; n < TIMES; n++) {
      const lang = langId(`lang${1 + ((n * 37) % LANGUAGES)}`)
      if (!lang) throw new Error('Cannot ask: that is no language')
      for (const name of Object.keys(asked) as (keyof typeof asked)[]) {
        const from = performance.now()
        const answer = await asked[name](lang)
        took[name].push(performance.now() - from)
        if (Array.isArray(answer) && answer.length === 0) throw new Error(`Cannot measure: "${name}" found nothing`)
      }
    }
    await database.close()
    const p95 = (name: keyof typeof asked) => round(percentile(took[name], 0.95))
    return {
      // The slowest of the four, so that a quick one hides no slow one.
      p95Ms: Math.max(p95('stale'), p95('config'), p95('oldBase'), p95('testedTogether')),
      staleP95Ms: p95('stale'),
      configP95Ms: p95('config'),
      oldBaseP95Ms: p95('oldBase'),
      testedTogetherP95Ms: p95('testedTogether'),
      bareP95Ms: p95('bare'),
      // The slowest question's quickest answer: what it takes where nobody else has the processor.
      slowestMinMs: round(Math.max(Math.min(...took.stale), Math.min(...took.oldBase))),
      languages: LANGUAGES,
      builds: LANGUAGES * BUILDS_EACH,
      seedMs: Math.round(seedMs),
      n: TIMES,
    }
  } finally {
    await postgres.stop()
  }
}
