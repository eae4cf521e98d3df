import type { EndReason, Ending, Usage } from '#lib/domain/ending.ts'

const MIB = 1024 * 1024

/** An ending in one line: `finished · exit 0 · 0.12 s wall · 0.05 s CPU · 14 MiB peak`. */
export const endingWords = (ending: Ending): string => [...reasonParts(ending), ...usageParts(ending.usage)].join(' · ')

/** The same for a program that is done while its prompt waits. */
export const promptWords = (usage: Usage | undefined): string =>
  ['finished, prompt open', ...(usage ? usageParts(usage) : [])].join(' · ')

function reasonParts({ reason, code, signal }: Ending): string[] {
  if (reason === 'exit') return [code === 0 ? 'finished' : 'failed', `exit ${code ?? '?'}`]
  if (reason === 'signal') return [`ended by ${signal ?? 'a signal'}`]
  return [REASONS[reason], ...(code === undefined ? [] : [`exit ${code}`])]
}

const REASONS: Readonly<Record<EndReason, string>> = {
  exit: 'finished',
  signal: 'ended by a signal',
  time: 'ended at the time limit',
  memory: 'ran out of memory',
  processes: 'ran into the limit of processes',
  disk: 'ran out of disk space',
  output: 'printed more than the limit',
  stopped: 'stopped',
  idle: 'ended for lack of use',
  left: 'ended after the page was closed',
  lost: 'the sandbox went away',
}

function usageParts({ wallMs, cpuMs, peakBytes }: Usage): string[] {
  return [
    `${seconds(wallMs)} wall`,
    ...(cpuMs === undefined ? [] : [`${seconds(cpuMs)} CPU`]),
    ...(peakBytes === undefined ? [] : [`${mebibytes(peakBytes)} peak`]),
  ]
}

const seconds = (ms: number) => `${ms < 100_000 ? (ms / 1000).toFixed(2) : Math.round(ms / 1000)} s`
const mebibytes = (bytes: number) => `${bytes < 10 * MIB ? (bytes / MIB).toFixed(1) : Math.round(bytes / MIB)} MiB`

/** Why a session is over, as a sentence. */
export const sessionEndWords = (reason: EndReason): string => SESSION_ENDS[reason] ?? 'The session is over.'

const SESSION_ENDS: Readonly<Partial<Record<EndReason, string>>> = {
  idle: 'The session ended because nothing happened in it for a while.',
  time: 'The session reached its longest life.',
  memory: 'The session ran out of memory.',
  left: 'The session ended because its page was away for too long.',
  lost: 'The sandbox went away, and the session with it.',
  stopped: 'The session was ended.',
}
