/**
 * Why something ended. Jobs end by `exit` to `stopped`; a session also by `idle`, `left` (the page was closed and the
 * grace ran out) and `lost` (the sandbox or its agent went away).
 */
export const END_REASONS = [
  'exit',
  'signal',
  'time',
  'memory',
  'processes',
  'disk',
  'output',
  'stopped',
  'idle',
  'left',
  'lost',
] as const
export type EndReason = (typeof END_REASONS)[number]

/** What one job used. `peakBytes` is the most memory the sandbox held above what it held when the job began. */
export type Usage = { readonly wallMs: number; readonly cpuMs?: number; readonly peakBytes?: number }

/** The end of a job, as shown to the visitor. `code` is there for `exit`, `signal` (its name) for `signal`. */
export type Ending = { readonly reason: EndReason; readonly code?: number; readonly signal?: string; readonly usage: Usage }

/** What the agent saw of an ending, and what the kernel counted meanwhile. */
export type EndingFacts = {
  readonly code?: number
  readonly signal?: string
  readonly stopped?: boolean
  readonly timedOut?: boolean
  readonly outputSpent?: boolean
  readonly diskFull?: boolean
  /** Processes that the kernel killed for memory during the job. */
  readonly oomKills?: number
  /** Forks that the kernel refused during the job. */
  readonly forksRefused?: number
}

/** The first cause that explains an ending; a limit is blamed only when the program did not end well. */
export function endReason(facts: EndingFacts): EndReason {
  if (facts.stopped) return 'stopped'
  if (facts.timedOut) return 'time'
  if (facts.outputSpent) return 'output'
  const ended = facts.code === 0 && facts.signal === undefined
  if (!ended && facts.oomKills) return 'memory'
  if (!ended && facts.forksRefused) return 'processes'
  if (!ended && facts.diskFull) return 'disk'
  return facts.signal === undefined ? 'exit' : 'signal'
}
