import type { LanguageServer } from '#lib/domain/language.ts'

import type { Deadline } from './deadline.ts'
import type { ServerLine } from './terminal.ts'

/** How long a server that does not offer it yet is left to read on, before it is asked again. */
export const ASK_AGAIN_MS = 250
const HOME_URI = 'file:///home/visitor'
const METHOD_NOT_FOUND = -32601

type Message = { id?: number | string; method?: string; params?: unknown; result?: unknown; error?: { message?: unknown } }

/** A client of a language server as far as a check needs one: it opens one document and asks for completions. */
export class ServerConversation {
  readonly #line: ServerLine
  readonly #server: LanguageServer
  readonly #end: Deadline
  readonly #answers = new Map<number | string, Message>()
  #heard = 0
  #asked = 0

  constructor(line: ServerLine, server: LanguageServer, end: Deadline) {
    this.#line = line
    this.#server = server
    this.#end = end
  }

  /** Undefined when it is ready, else what went wrong. */
  async open(path: string, text: string): Promise<string | undefined> {
    const { init, config, lang, noDynamicRegistration } = this.#server
    const dynamicRegistration = !noDynamicRegistration
    const answer = await this.#ask('initialize', {
      processId: null,
      rootUri: HOME_URI,
      workspaceFolders: [{ uri: HOME_URI, name: 'home' }],
      initializationOptions: init,
      capabilities: {
        workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration } },
        textDocument: {
          synchronization: { dynamicRegistration },
          completion: { dynamicRegistration, completionItem: { snippetSupport: false } },
        },
      },
    })
    if (typeof answer === 'string') return answer
    this.#tell('initialized', {})
    if (config !== undefined) this.#tell('workspace/didChangeConfiguration', { settings: config })
    const textDocument = { uri: `${HOME_URI}/${path}`, languageId: lang, version: 1, text }
    this.#tell('textDocument/didOpen', { textDocument })
    return undefined
  }

  /** What is offered at that place, or what went wrong. */
  async completions(path: string, text: string, at: number): Promise<string | string[]> {
    const before = text.slice(0, at).split('\n')
    const position = { line: before.length - 1, character: before.at(-1)?.length ?? 0 }
    const answer = await this.#ask('textDocument/completion', { textDocument: { uri: `${HOME_URI}/${path}` }, position })
    if (typeof answer === 'string') return answer
    const items = Array.isArray(answer.result) ? answer.result : (answer.result as { items?: unknown } | null)?.items
    return Array.isArray(items) ? items.flatMap(namesOf) : []
  }

  async #ask(method: string, params: unknown): Promise<Message | string> {
    const id = ++this.#asked
    this.#line.send({ jsonrpc: '2.0', id, method, params })
    for (;;) {
      this.#hear()
      const answer = this.#answers.get(id)
      if (answer?.error) return `the language server refused ${method}: ${String(answer.error.message)}`
      if (answer) return answer
      const over = this.#line.over()
      if (over !== undefined) return `the language server ended: ${over}`
      if ((await this.#end.first(this.#line.change())) === 'later') return `time was up before it answered ${method}`
    }
  }

  #tell(method: string, params: unknown): void {
    this.#line.send({ jsonrpc: '2.0', method, params })
  }

  #hear(): void {
    const messages = this.#line.messages()
    for (const raw of messages.slice(this.#heard)) {
      const message = raw as Message | null
      if (message?.id === undefined || message.id === null) continue
      if (message.method === undefined) this.#answers.set(message.id, message)
      else this.#line.send({ jsonrpc: '2.0', id: message.id, ...this.#answerTo(message) })
    }
    this.#heard = messages.length
  }

  #answerTo({ method, params }: Message): { result: unknown } | { error: { code: number; message: string } } {
    if (method === 'workspace/configuration') return { result: settingsFor(params, this.#server.config) }
    if (method === 'client/registerCapability' || method === 'client/unregisterCapability') return { result: null }
    if (method === 'window/workDoneProgress/create' || method === 'workspace/workspaceFolders') return { result: null }
    return { error: { code: METHOD_NOT_FOUND, message: 'Not known here' } }
  }
}

/** The section of the settings that each item asks for. */
export function settingsFor(params: unknown, config: unknown): unknown[] {
  const items = (params as { items?: unknown } | null)?.items
  if (!Array.isArray(items)) return []
  return items.map((item: { section?: unknown } | null) => {
    if (typeof item?.section !== 'string' || item.section === '') return config ?? null
    const inside = (value: unknown, key: string) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<string, unknown>)[key]
        : undefined
    return item.section.split('.').reduce(inside, config) ?? inside(config, item.section) ?? null
  })
}

function namesOf(item: unknown): string[] {
  const { label, insertText, filterText } = (item ?? {}) as Record<string, unknown>
  return [label, insertText, filterText].flatMap((name) =>
    typeof name === 'string' ? [name.replace(/^[^\p{L}\p{N}_$@#<.\-:]+/u, '')] : [],
  )
}
