import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  insertCompletionText,
  snippet,
} from '@codemirror/autocomplete'
import { LSPPlugin } from '@codemirror/lsp-client'
import type { ChangeSpec, Text } from '@codemirror/state'
import type { EditorView } from '@codemirror/view'

import { isRecord } from './requests.ts'
import { completionOf, documentationOf, editsOf, type Item, offsetOf, type Options, type Range, type TextEdit } from './shapes.ts'

type Resolve = (item: Item) => Promise<Pick<Item, 'documentation' | 'moreEdits'>>

/** Completions by the language server, asked for as one types and by its trigger characters. */
export async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const plugin = context.view && LSPPlugin.get(context.view)
  const { client } = plugin ?? {}
  // Of our own making: shapes.ts reads what the server says of itself.
  const options = client?.serverCapabilities?.completionProvider as Options | undefined
  if (!plugin || !client || !options) return null
  const sign = context.state.sliceDoc(context.pos - 1, context.pos)
  const isTrigger = options.triggerCharacters.includes(sign)
  if (!context.explicit && !isTrigger && !/[\p{L}\p{N}_$]/u.test(sign)) return null

  client.sync()
  const { doc } = context.state
  const params = {
    textDocument: { uri: plugin.uri },
    position: plugin.toPosition(context.pos),
    context: isTrigger && !context.explicit ? { triggerKind: 2, triggerCharacter: sign } : { triggerKind: 1 },
  }
  context.addEventListener('abort', () => client.cancelRequest(params))
  const answer = await client.request('textDocument/completion', params).catch(() => null)
  if (context.aborted || answer === null) return null
  const { items, isIncomplete } = completionOf(answer, doc)
  if (items.length === 0) return null
  const from = startOf(items, doc, context)
  const ask = options.resolveProvider ? resolver(plugin, doc) : undefined
  return {
    from,
    options: items.map((item) => optionOf(item, plugin, ask)),
    ...(isIncomplete ? {} : { validFor: /^[\p{L}\p{N}_$]*$/u }),
  }
}

/** Where the word that is completed begins: as the items' edits say when they agree, else where the word does. */
function startOf(items: readonly Item[], doc: Text, context: CompletionContext): number {
  const starts = new Set(
    items.flatMap(({ range }) => (range && isHere(range, doc, context.pos) ? [offsetOf(doc, range.start)] : [])),
  )
  const [start] = starts
  return start !== undefined && starts.size === 1 ? start : (context.matchBefore(/[\p{L}\p{N}_$]+$/u)?.from ?? context.pos)
}

function isHere({ start }: Range, doc: Text, pos: number): boolean {
  const line = doc.lineAt(pos)
  return start.line === line.number - 1 && line.from + start.character <= pos
}

function optionOf(item: Item, plugin: LSPPlugin, ask: Resolve | undefined): Completion {
  const type = item.kind === undefined ? undefined : TYPES[item.kind]
  const resolved = ask && once(() => ask(item))
  return {
    label: item.filterText ?? item.label,
    displayLabel: item.label,
    apply: (view, completion, from, to) => void put(view, completion, from, to, item, resolved),
    info: async () => documentation((item.documentation ?? (await resolved?.())?.documentation) || undefined, plugin),
    ...(type === undefined ? {} : { type }),
    ...(item.detail === undefined ? {} : { detail: item.detail.slice(0, 80) }),
    ...(item.sortText === undefined ? {} : { sortText: item.sortText }),
    ...(item.commitCharacters === undefined ? {} : { commitCharacters: item.commitCharacters }),
  }
}

/** Puts an item in at once; what it brings elsewhere, such as an import, follows when the server has said it. */
async function put(
  view: EditorView,
  completion: Completion,
  from: number,
  to: number,
  item: Item,
  resolved?: () => ReturnType<Resolve>,
) {
  const before = view.state.doc
  const { lines } = before
  const ahead = (edit: TextEdit) => offsetOf(before, edit.range.end) <= from
  const edits = item.moreEdits.filter(ahead).map((edit) => changeOf(edit, before))
  if (item.isSnippet) snippet(snippetOf(item.text))(view, completion, from, to)
  else view.dispatch({ ...insertCompletionText(view.state, item.text, from, to), ...pickedBy(completion) })
  if (edits.length > 0) return view.dispatch({ changes: edits })
  if (!resolved) return
  const late = (await resolved()).moreEdits.filter(ahead)
  // Only while all before the word is as it was.
  const isSame = lines <= view.state.doc.lines && view.state.sliceDoc(0, from) === before.sliceString(0, from)
  if (late.length > 0 && isSame) view.dispatch({ changes: late.map((edit) => changeOf(edit, before)) })
}

const pickedBy = (_completion: Completion) => ({ userEvent: 'input.complete' })
const changeOf = ({ range, newText }: TextEdit, doc: Text): ChangeSpec => ({
  from: offsetOf(doc, range.start),
  to: offsetOf(doc, range.end),
  insert: newText,
})

/** From the protocol's snippets to the editor's: `$1` is `${1}`, and only `{` and `}` are escaped. */
export const snippetOf = (text: string): string =>
  text.replaceAll(/\\([$}\\])|\$(\d+)/g, (_, sign: string | undefined, field: string) => sign ?? `\${${field}}`)

const resolver =
  ({ client }: LSPPlugin, doc: Text): Resolve =>
  async (item) => {
    const answer = await client.request('completionItem/resolve', item.raw).catch(() => null)
    const { documentation: words, additionalTextEdits } = isRecord(answer) ? answer : {}
    return { documentation: documentationOf(words), moreEdits: editsOf(additionalTextEdits, doc) }
  }

function documentation(words: Item['documentation'], plugin: LSPPlugin): HTMLElement | null {
  if (!words) return null
  const element = document.createElement('div')
  element.className = 'cm-lsp-documentation cm-lsp-completion-documentation'
  element.innerHTML = plugin.docToHTML(words) // through safeHtml
  return element
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

/** The protocol's kinds as the editor's. */
const TYPES: Readonly<Record<number, string>> = {
  1: 'text',
  2: 'method',
  3: 'function',
  4: 'class',
  5: 'property',
  6: 'variable',
  7: 'class',
  8: 'interface',
  9: 'namespace',
  10: 'property',
  11: 'keyword',
  12: 'constant',
  13: 'enum',
  14: 'keyword',
  15: 'text',
  20: 'constant',
  21: 'constant',
  22: 'class',
  25: 'type',
}
