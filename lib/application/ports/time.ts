/** Time and chance, so that tests need neither. */
export interface Clock {
  /** Milliseconds that only grow; not the time of day. */
  now(): number
  /** The time of day, for records. */
  today(): Date
  /** Calls back once after `ms`; the answer cancels it. */
  after(ms: number, call: () => void): () => void
}

export interface Random {
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string
}
