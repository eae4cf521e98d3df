/** A text that nobody but its owner may read. */
export type Secret = { readonly what: string; readonly text: string }

/**
 * Looks for secrets in what an attacker is shown, as they are and in hexadecimal, byte for byte as it comes: also where
 * one is cut by the border of two pieces.
 */
export function canaries(secrets: readonly Secret[]) {
  const known: { readonly what: string; readonly needle: Buffer }[] = []
  const found = new Set<string>()
  let tail = Buffer.alloc(0)
  let longest = 1
  const add = ({ what, text }: Secret) => {
    const plain = Buffer.from(text)
    for (const needle of [plain, Buffer.from(plain.toString('hex'))]) {
      known.push({ what, needle })
      longest = Math.max(longest, needle.length)
    }
  }
  for (const secret of secrets) add(secret)

  return {
    add,
    hears(bytes: Buffer): void {
      const seen = Buffer.concat([tail, bytes])
      for (const { what, needle } of known) if (seen.includes(needle)) found.add(what)
      tail = Buffer.from(seen.subarray(-(longest - 1)))
    },
    /** Between two attackers; secrets stay. */
    reset(): void {
      found.clear()
      tail = Buffer.alloc(0)
    },
    failed: () => [...found].map((what) => `the attacker was shown ${what}`),
  }
}

export type Canaries = ReturnType<typeof canaries>
