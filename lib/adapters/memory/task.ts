import type { FromAgent } from '#lib/protocol/agent.ts'

type End = Partial<Omit<Extract<FromAgent, { type: 'task-ended' }>, 'type' | 'stream'>>
type Events = {
  ended(end: End): void
  print(offset: number, bytes: Uint8Array): void
  taken(offset: number): void
}
export type MemoryTask = { input(offset: number, bytes: Uint8Array): void; endInput(): void; stop(): void }

/** What the last word of a task's command makes it do; a number ends it at once with that status. */
const ENDS: Readonly<Record<string, (input: Uint8Array) => { output?: Uint8Array; end: End }>> = {
  upper: (input) => ({ output: Buffer.from(Buffer.from(input).toString().toUpperCase()), end: { code: 0 } }),
  version: () => ({ output: Buffer.from('\n\u001b[1mToy\u001b[0m 1.2.3\r\nand more\n'), end: { code: 0 } }),
  nothing: () => ({ end: { code: 0 } }),
  noise: () => ({ output: Buffer.from([0xff, 0xfe]), end: { code: 0 } }),
  refuse: () => ({ output: Buffer.from('half of it'), end: { code: 2, errors: 'line 1: no such thing' } }),
  slow: () => ({ end: { signal: 'SIGKILL', timedOut: true } }),
  endless: () => ({ output: Buffer.from('ha'), end: { signal: 'SIGKILL', outputSpent: true } }),
}

/**
 * A task without a process. `echo` gives its input back at once and `deaf` never reads, both until they are stopped; `hungry` takes too much memory at its first byte; the
 * others answer when their input has ended.
 */
export function memoryTask(command: string, { ended, print, taken }: Events): MemoryTask | undefined {
  const word = /(\w+)\W*$/.exec(command)?.[1] ?? ''
  if (/^\d+$/.test(word)) return void ended({ code: Number(word) })
  let input = Buffer.alloc(0)
  return {
    input(offset, bytes) {
      if (word === 'deaf') return
      if (word === 'hungry') return ended({ signal: 'SIGKILL', memorySpent: true })
      if (word === 'echo') print(offset, bytes)
      else input = Buffer.concat([input, bytes])
      taken(offset + bytes.length)
    },
    endInput() {
      const { output, end } = ENDS[word]?.(input) ?? { end: { code: 127 } }
      if (output) print(0, output)
      ended(end)
    },
    stop: () => ended({ signal: 'SIGKILL', errors: 'was told to' }),
  }
}
