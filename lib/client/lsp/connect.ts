import { autocompletion } from '@codemirror/autocomplete'
import { linter, lintKeymap } from '@codemirror/lint'
import { hoverTooltips, jumpToDefinitionKeymap, LSPClient, signatureHelp } from '@codemirror/lsp-client'
import { type Extension, Prec } from '@codemirror/state'
import { keymap } from '@codemirror/view'

import type { LspEnd } from '#lib/protocol/browser.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'

import type { EditorPane } from '../editor.ts'
import type { Desk } from '../program/desk.ts'
import type { LspWire } from '../session.ts'
import { problemWords } from '../status-words.ts'
import type { PlayLanguage } from '../use-playground.ts'
import { complete } from './completions.ts'
import { showDiagnostics } from './diagnostics.ts'
import type { ServerConnection } from './keeper.ts'
import { isRecord, uriOf } from './requests.ts'
import { safeHtml } from './safe-html.ts'
import { type Ability, diagnosticsOf, optionsOf, shapeAnswer } from './shapes.ts'
import { tellChanges } from './tell-changes.ts'
import { lspTransport } from './transport.ts'
import { DeskWorkspace } from './workspace.ts'

/** Servers of large languages read for long before they answer at all. */
const REQUEST_MS_MAX = 30_000

export type ServerParts = {
  readonly wire: LspWire
  readonly server: NonNullable<PlayLanguage['server']>
  readonly desk: Desk
  readonly editor: EditorPane
  /** Whether a file is of the language. */
  readonly isSource: (path: string) => boolean
}

/** Starts the session's language server and gives the editor what it can do. */
export async function connectServer(
  { wire, server, desk, editor, isSource }: ServerParts,
  onEnd: (words: string) => void,
): Promise<Result<ServerConnection, string>> {
  const early: [server: number, offset: number, bytes: Uint8Array][] = []
  let hear = (...output: (typeof early)[0]) => void early.push(output)
  let ended: ((words: string) => void) | undefined
  let id = 0
  const unlisten = wire.listen({
    output: (...output) => hear(...output),
    ended: (of, end) => of === id && ended?.(endWords(end)),
  })
  const answer = await wire.start()
  if (!answer?.ok) {
    unlisten()
    return err(answer ? problemWords(answer.error) : 'The connection broke.')
  }
  id = answer.value.server

  return new Promise((resolve) => {
    const workspace = () => client.workspace as DeskWorkspace
    const docOf = (uri: unknown) => (typeof uri === 'string' ? workspace().getFile(uri)?.doc : undefined)
    const client: LSPClient = new LSPClient({
      timeout: REQUEST_MS_MAX,
      initializationOptions: server.init,
      sanitizeHTML: safeHtml,
      workspace: (own) =>
        new DeskWorkspace(own, desk, { lang: server.lang, isSource }, (file) =>
          queueMicrotask(() => file.view && showDiagnostics(file.view, file.diagnostics)),
        ),
      extensions: [linter(null), { clientCapabilities: CAPABILITIES }],
    })
    const transport = lspTransport({
      wire,
      server: id,
      config: server.config,
      noDynamicRegistration: server.noDynamicRegistration,
      shape(method, params, result) {
        const file = workspace().getFile(String(uriIn(params)))
        // A hover is drawn on the text of now, and its range is of the text of then.
        const isStale = method === 'textDocument/hover' && file?.view?.state.doc.eq(file.doc) === false
        return isStale ? null : shapeAnswer(method, result, docOf, uriIn(params))
      },
      notified(method, params) {
        const file =
          method === 'textDocument/publishDiagnostics' ? workspace().getFile(String(uriIn({ textDocument: params }))) : null
        if (!file || !isRecord(params)) return
        if (typeof params['version'] === 'number' && params['version'] !== file.version) return
        file.diagnostics = diagnosticsOf(params['diagnostics'], file.doc)
        if (file.view) showDiagnostics(file.view, file.diagnostics)
      },
      registered(method, options) {
        const ability = REGISTERED[method]
        if (ability && client.serverCapabilities) Object.assign(client.serverCapabilities, { [ability]: optionsOf(options) })
      },
      broken: (words) => over(`It broke the protocol: ${words}.`),
    })
    hear = (of, offset, bytes) => void (of === id && transport.output(offset, bytes))

    function over(words: string) {
      close()
      resolve(err(words))
      onEnd(words)
    }
    function close() {
      ended = undefined
      unlisten()
      unfollow()
      client.disconnect()
      transport.close()
      wire.stop(id)
      editor.extend('server', () => [])
    }
    const unfollow = desk.subscribe(() => client.connected && workspace().follow())
    ended = over
    client.connect(transport)
    for (const output of early) hear(...output)
    client.initializing.then(ready, (error: unknown) => ended?.(`${messageIn(error)}.`))

    function ready() {
      if (ended === undefined) return
      editor.extend('help', () => HELP)
      editor.extend('server', (path) => (isSource(path) ? client.plugin(uriOf(path), server.lang) : []))
      client.sync() // what was written while it started
      resolve(ok({ close }))
    }
  })
}

/** Stays when the server goes, and then asks nobody: these have timers that outlive their being taken out. */
const HELP: Extension = [
  autocompletion({ override: [complete] }),
  hoverTooltips(),
  signatureHelp(),
  tellChanges,
  Prec.low(keymap.of([...jumpToDefinitionKeymap, ...lintKeymap])),
]

/** Documentation and imports come with the item that somebody looks at, not with each of hundreds. */
const CAPABILITIES = {
  textDocument: {
    publishDiagnostics: { versionSupport: true },
    completion: { completionItem: { resolveSupport: { properties: ['documentation', 'additionalTextEdits'] } } },
  },
}

const REGISTERED: Readonly<Record<string, Ability>> = {
  'textDocument/completion': 'completionProvider',
  'textDocument/hover': 'hoverProvider',
  'textDocument/signatureHelp': 'signatureHelpProvider',
  'textDocument/definition': 'definitionProvider',
}

const messageIn = (error: unknown) =>
  isRecord(error) && typeof error['message'] === 'string' ? error['message'] : 'It did not answer'

const uriIn = (params: unknown): unknown =>
  isRecord(params) && isRecord(params['textDocument']) ? params['textDocument']['uri'] : undefined

function endWords({ reason, code, signal, words }: LspEnd): string {
  const lines = words.split('\n').filter((line) => /\w/.test(line))
  const said = (lines.find((line) => /fatal|error|panic|not found|cannot/i.test(line)) ?? lines.at(-1))?.trim().slice(0, 200)
  switch (reason) {
    case 'memory':
      return 'It needed more memory than it may have.'
    case 'input_full':
      return 'It did not read what was sent to it.'
    case 'stopped':
      return 'It was stopped.'
    case 'exit':
      return `It ended (${signal ?? `exit ${code ?? '?'}`})${said ? `: ${said}` : '.'}`
    default:
      return reason satisfies never
  }
}
