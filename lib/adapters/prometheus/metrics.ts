import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

import { SERIES, type Metrics, type SeriesName } from '#lib/application/ports/metrics.ts'

type Meter = Counter | Gauge | Histogram

/** Metrics in Prometheus' text form; `text` also has the process's own series (CPU, memory, event loop, handles). */
export function prometheusMetrics(): Metrics & { text(): Promise<string> } {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const meters = new Map<SeriesName, Meter>()
  for (const name of Object.keys(SERIES) as SeriesName[]) meters.set(name, meterOf(name, registry))

  const meter = (name: SeriesName) => meters.get(name) as Meter // the loop above made one for each name of the type
  return {
    count(name, labels, by = 1) {
      ;(meter(name) as Counter).inc(labels, by)
    },
    observe(name, labels, value) {
      ;(meter(name) as Histogram).observe(labels, value)
    },
    set(name, labels, value) {
      ;(meter(name) as Gauge).set(labels, value)
    },
    text: () => registry.metrics(),
  }
}

function meterOf(name: SeriesName, registry: Registry): Meter {
  const series = SERIES[name]
  const common = { name, help: series.help, labelNames: [...series.labels], registers: [registry] }
  if (series.kind === 'counter') return new Counter(common)
  if (series.kind === 'gauge') return new Gauge(common)
  return new Histogram({ ...common, buckets: [...series.buckets] })
}
