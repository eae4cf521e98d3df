import type { Log, LogFields } from '#lib/application/ports/log.ts'
import type { Metrics } from '#lib/application/ports/metrics.ts'

export function memoryLog(): Log & { events: { event: string; fields: LogFields }[] } {
  const events: { event: string; fields: LogFields }[] = []
  const note = (event: string, fields: LogFields = {}) => void events.push({ event, fields })
  return { events, info: note, warn: note, error: note }
}

/** Keeps the last value or the sum of each series and label set, under `name{label values}`. */
export function memoryMetrics(): Metrics & { values: Map<string, number> } {
  const values = new Map<string, number>()
  const key = (name: string, labels: object) => `${name}{${Object.values(labels).join(',')}}`
  return {
    values,
    count: (name, labels, by = 1) => void values.set(key(name, labels), (values.get(key(name, labels)) ?? 0) + by),
    observe: (name, labels) => void values.set(key(name, labels), (values.get(key(name, labels)) ?? 0) + 1),
    set: (name, labels, value) => void values.set(key(name, labels), value),
  }
}
