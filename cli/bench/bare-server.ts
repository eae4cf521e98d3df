import { spawn } from 'node:child_process'

import type { ServerLine } from '#lib/application/checks/terminal.ts'
import type { LanguageServer } from '#lib/domain/language.ts'
import { lspFrame, LspReader } from '#lib/protocol/lsp-frames.ts'

// $1 the language server. The home and the tools stand where a sandbox has them, in a mount namespace that nobody else sees.
const ENTER = `
mount -t tmpfs home /home && mkdir /home/visitor && mount -t tmpfs opt /opt && mkdir /opt/dragoman &&
mount --bind . /opt/dragoman && cd /home/visitor && exec /bin/bash -c "$1"`
const UNSHARE = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'])]
const ENV = {
  HOME: '/home/visitor',
  PATH: '/usr/local/bin:/usr/bin:/bin:/opt/dragoman/bin',
  LANG: 'C.UTF-8',
  NODE_ENV: 'production' as const,
}

/** A language server started by this process, with nothing between but two pipes. */
export async function bareServer({ start }: LanguageServer, tools: string): Promise<ServerLine & { close(): Promise<void> }> {
  const child = spawn('unshare', [...UNSHARE, '/bin/sh', '-c', ENTER, 'sh', start], {
    cwd: tools,
    env: ENV,
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true, // to end it with what it started
  })
  const ended = new Promise<void>((done) => void child.once('close', () => done()))
  const reader = new LspReader()
  const messages: unknown[] = []
  let over: string | undefined
  let { promise: changed, resolve: tell } = Promise.withResolvers<void>()
  const change = () => {
    tell()
    ;({ promise: changed, resolve: tell } = Promise.withResolvers<void>())
  }
  child.stdin.on('error', () => undefined)
  child.stdout.on('data', (bytes: Buffer) => {
    messages.push(...reader.push(bytes))
    change()
  })
  child.once('error', (error) => (over = String(error)))
  child.once('close', (code, signal) => {
    over ??= `status ${code ?? signal}`
    change()
  })
  return {
    send: (message) => void child.stdin.write(lspFrame(message)),
    messages: () => messages,
    over: () => over,
    change: () => changed,
    async close() {
      if (child.pid !== undefined && over === undefined) process.kill(-child.pid, 'SIGKILL')
      await ended
    },
  }
}
