import { lspFrame, LspReader } from '#lib/protocol/lsp-frames.ts'

import type { LspWire } from '../session.ts'
import { answerTo, FOLDERS, HOME_URI, isRecord } from './requests.ts'

export type TransportParts = {
  readonly wire: Pick<LspWire, 'send' | 'ack'>
  readonly server: number
  readonly config: unknown
  readonly noDynamicRegistration: boolean
  /** Makes an answer one that its asker can rely on. */
  shape(method: string, params: unknown, answer: unknown): unknown
  notified(method: string, params: unknown): void
  /** The server offers more than it said at first. */
  registered(method: string, options: unknown): void
  /** It sent what is not of the protocol; nothing more is read. */
  broken(words: string): void
}

/** Between the session's bytes and the client's messages. What the sandbox sends is read here and nowhere else. */
export function lspTransport(parts: TransportParts) {
  const { wire, server } = parts
  const reader = new LspReader()
  const asked = new Map<number, { method: string; params: unknown }>()
  let handler: ((message: string) => void) | undefined
  let read = 0
  let isOver = false

  const write = (message: object) => wire.send(server, lspFrame({ jsonrpc: '2.0', ...message }))
  const give = (message: object) => handler?.(JSON.stringify({ jsonrpc: '2.0', ...message }))

  function take(message: unknown) {
    if (!isRecord(message)) throw new Error('a message is not an object')
    const { id, method, params } = message
    if (typeof method === 'string') {
      if (id === undefined || id === null) parts.notified(method, params)
      else if (typeof id === 'number' || typeof id === 'string')
        write({ id, ...answerTo(method, params, parts.config, parts.registered) })
      return
    }
    const question = typeof id === 'number' ? asked.get(id) : undefined
    if (!question) return // late, or made up
    asked.delete(id as number)
    if (message['error'] !== undefined) return give({ id, error: errorOf(message['error']) })
    give({ id, result: parts.shape(question.method, question.params, message['result']) })
  }

  return {
    /** What the server printed. */
    output(offset: number, bytes: Uint8Array) {
      if (isOver) return
      try {
        if (offset !== read) throw new Error('bytes are missing')
        read += bytes.length
        for (const message of reader.push(bytes)) take(message)
        wire.ack(server, read)
      } catch (error) {
        isOver = true
        parts.broken(error instanceof Error ? error.message : 'it cannot be read')
      }
    },
    send(text: string) {
      if (isOver) return
      const message = JSON.parse(text) as { id?: number; method?: string; params?: unknown } // of the client, which wrote it
      if (message.method === 'initialize') message.params = introduction(message.params, parts.noDynamicRegistration)
      if (message.id !== undefined && message.method !== undefined)
        asked.set(message.id, { method: message.method, params: message.params })
      write(message)
      if (message.method === 'initialized' && parts.config !== undefined)
        write({ method: 'workspace/didChangeConfiguration', params: { settings: parts.config } })
    },
    /** What comes and goes after this is of nobody. */
    close: () => void (isOver = true),
    subscribe: (take: (message: string) => void) => void (handler = take),
    unsubscribe: () => void (handler = undefined),
  }
}

/** What the client says of itself at first, without what it has no use for here, and with what is answered here. */
function introduction(params: unknown, noDynamicRegistration: boolean): unknown {
  const said = isRecord(params) ? params : {}
  const { completion, hover, signatureHelp, definition, publishDiagnostics } = (
    said['capabilities'] as { textDocument: Record<string, object | undefined> }
  ).textDocument
  const dynamicRegistration = !noDynamicRegistration
  return {
    ...said,
    clientInfo: { name: 'Dragoman' },
    rootUri: HOME_URI,
    workspaceFolders: FOLDERS,
    capabilities: {
      general: { markdown: { parser: 'marked' }, positionEncodings: ['utf-16'] },
      workspace: { configuration: true, workspaceFolders: true, didChangeConfiguration: { dynamicRegistration } },
      window: { workDoneProgress: true },
      textDocument: {
        synchronization: { dynamicRegistration },
        completion: { ...completion, completionItemKind: { valueSet: ITEM_KINDS }, dynamicRegistration },
        hover: { ...hover, dynamicRegistration },
        signatureHelp: { ...signatureHelp, dynamicRegistration },
        definition: { ...definition, dynamicRegistration, linkSupport: true },
        publishDiagnostics,
      },
    },
  }
}

/** All that the protocol has. */
const ITEM_KINDS = Array.from({ length: 25 }, (_, i) => i + 1)

function errorOf(error: unknown): { code: number; message: string } {
  const { code, message } = isRecord(error) ? error : {}
  return {
    code: typeof code === 'number' ? code : 0,
    message: typeof message === 'string' ? message.slice(0, 1_000) : 'The language server gave no reason',
  }
}
