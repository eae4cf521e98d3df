import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { resolve } from 'node:path'

import packageFile from '../package.json' with { type: 'json' }

const TOP = resolve(import.meta.dirname, '..')
/** It ends with us, also when we are killed: a signal to our group would not reach it. */
const [command = '', ...args] = ['setpriv', '--pdeathsig', 'TERM', '--']
/** A server that has not said where it is by then is not coming. */
const START_MS_MAX = 60_000
const STOP_MS_MAX = 15_000

export type OwnServer = {
  readonly name: string
  readonly url: string
  readonly process: ChildProcess
  /** What it logged, for whoever wants to know why. */
  readonly log: () => string
  /** SIGTERM, and SIGKILL when that was not enough; may be called again. */
  stop(): Promise<void>
}

/** A server of our own on a free port, with its data in a folder of its own, so that it disturbs no other. */
export async function ownServer(
  name: string,
  env: Readonly<Record<string, string>> = {},
  entry = 'server.ts',
): Promise<OwnServer> {
  const server = spawn(command, [...args, process.execPath, ...packageFile.config.serverFlags, entry], {
    cwd: TOP,
    env: {
      ...process.env,
      NODE_ENV: 'production',
      PORT: '0',
      DRAGOMAN_DATA_DIR: `.dragoman/${name}`,
      DRAGOMAN_LOG_LEVEL: 'warn',
      DRAGOMAN_BUILDER: 'off',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own group: a Ctrl-C here is passed on by us, once.
    detached: true,
  })
  const log: string[] = []
  server.stderr.setEncoding('utf8').on('data', (text: string) => {
    log.push(text)
    if (log.length > 1000) log.shift()
  })
  const exited = new Promise<number | null>((done) => server.once('exit', done))
  const stop = async () => {
    if (server.exitCode !== null || server.signalCode !== null) return
    server.kill('SIGTERM')
    const late = setTimeout(() => server.kill('SIGKILL'), STOP_MS_MAX)
    await exited
    clearTimeout(late)
  }
  const url = await Promise.race([
    said(server, /^Dragoman is at (http:\S+)$/),
    exited.then((code) => Promise.reject(new Error(`The server ended with ${code}:\n${log.join('')}`))),
    new Promise<never>((_, fail) =>
      setTimeout(() => fail(new Error(`The server did not start:\n${log.join('')}`)), START_MS_MAX).unref(),
    ),
  ]).catch(async (error: unknown) => {
    await stop()
    throw error
  })
  return { name, url, process: server, log: () => log.join(''), stop }
}

function said(server: ChildProcess, pattern: RegExp): Promise<string> {
  return new Promise((done) => {
    const lines = createInterface({ input: server.stdout as NodeJS.ReadableStream })
    lines.on('line', (line) => {
      const found = pattern.exec(line)?.[1]
      if (found) done(found)
    })
  })
}
