import type { Launch } from '#lib/protocol/agent-words.ts'

import type { Client } from './client.ts'
import { SandboxedAgent } from './sandboxed-agent.ts'

export const CLAIM = { type: 'claim', session: 's'.repeat(32), epoch: 1, token: 't'.repeat(32), lifeMs: 3_600_000 } as const

/** A shell as the language: what is run is the text of main.sh. */
export const SHELL: Launch = { lang: 'sh', main: 'main.sh', run: 'exec sh ./main.sh' }
const OUTPUT_BYTES_MAX = 100 * 1024 * 1024

/** A sandbox with a server attached, whose terminal does not turn \n into \r\n. */
export type World = {
  readonly agent: SandboxedAgent
  readonly client: Client
  /** Begins the next job with main.sh of that text. */
  run(text: string): void
  /** Runs it to its end. */
  finish(text: string): Promise<Awaited<ReturnType<typeof ending>> & { readonly output: string }>
  /** Runs it until it printed that. */
  runUntil(text: string, printed: string): Promise<void>
}

const ending = async (client: Client) => {
  const { type: _type, wallMs: _wallMs, at: _at, ...rest } = await client.next('ended')
  return rest
}

export async function world(executable: string, launch: Launch = SHELL, outputBytesMax?: number): Promise<World> {
  return serve(await SandboxedAgent.start(executable), launch, outputBytesMax)
}

export async function serve(agent: SandboxedAgent, launch: Launch, outputBytesMax = OUTPUT_BYTES_MAX): Promise<World> {
  const client = await agent.connect()
  client.say({ type: 'prepare', launch, cols: 80, rows: 24, outputBytesMax })
  await client.next('ready')
  client.say(CLAIM)
  await client.next('claimed')
  client.say({ type: 'attach', offset: 0 })
  await client.next('attached')
  let job = 0
  const run = (text: string) => {
    client.forgetOutput()
    client.say({ type: 'run', job: ++job, files: [{ path: 'main.sh', text: `stty -opost\n${text}\n` }] })
  }
  return {
    agent,
    client,
    run,
    async finish(text) {
      run(text)
      await client.next('started')
      return { ...(await ending(client)), output: client.output() }
    },
    async runUntil(text, printed) {
      run(text)
      await client.next('started')
      await client.untilOutput(printed)
    },
  }
}
