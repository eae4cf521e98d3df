/** The value below which this share of the sample lies, by nearest rank. */
export function percentile(sample: readonly number[], share: number): number {
  const sorted = [...sample].sort((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)]
  if (value === undefined) throw new Error('Cannot take a percentile of nothing')
  return value
}

/** To two places, so that a report does not promise more than a clock can. */
export const round = (value: number) => Math.round(value * 100) / 100

/** Memory of a process that nobody else shares, in MB: what one more of it costs. */
export function privateMb(smapsRollup: string): number {
  const kib = [...smapsRollup.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB$/gm)].reduce((sum, [, n]) => sum + Number(n), 0)
  return kib / 1024
}
