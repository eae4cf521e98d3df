/** How many letters must be put in, left out or changed to make one word the other; more than `max` is `max + 1`. */
export function editDistance(a: string, b: string, max: number): number {
  if (Math.abs(a.length - b.length) > max) return max + 1
  let above = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const change = at(above, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(change, at(above, j) + 1, at(row, j - 1) + 1))
    }
    above = row
  }
  return Math.min(max + 1, at(above, b.length))
}

const at = (row: readonly number[], i: number) => row[i] ?? Number.POSITIVE_INFINITY
