import { expect, test } from 'vitest'

import { SERIES, type SeriesName } from '#lib/application/ports/metrics.ts'
import { prometheusMetrics } from './metrics.ts'

const LANGUAGES = 500
const SCRAPE_MS_MAX = 100

test('all is told in 100 ms with 500 languages that were started in every way', async () => {
  const metrics = prometheusMetrics()
  for (let n = 0; n < LANGUAGES; n++) {
    const language = `language${n}`
    for (const path of ['warm', 'plain', 'cold', 'none'])
      for (const outcome of ['ok', 'no_room', 'image_missing', 'timeout'])
        metrics.count('dragoman_session_starts_total', { language, path, outcome })
    metrics.count('dragoman_pool_probe_failures_total', { language })
    for (const how of ['failed', 'timeout']) metrics.count('dragoman_setup_failures_total', { language, how })
  }
  const times: number[] = []
  let text = ''
  for (let n = 0; n < 5; n++) {
    const from = performance.now()
    text = await metrics.text()
    times.push(performance.now() - from)
  }
  expect(text.split('\n').length).toBeGreaterThan(LANGUAGES * 19)
  expect(Math.min(...times)).toBeLessThan(SCRAPE_MS_MAX) // a machine may be busy with others during some of them
})

test('a language is a label of counters alone, and nothing that grows without end is one', () => {
  const labels = (Object.keys(SERIES) as SeriesName[]).flatMap((name) => SERIES[name].labels.map((label) => ({ name, label })))
  expect(labels.filter(({ name, label }) => label === 'language' && SERIES[name].kind !== 'counter')).toEqual([])
  expect(labels.filter(({ label }) => /session|build$|address|user|pod|image|digest|url/.test(label))).toEqual([])
})
