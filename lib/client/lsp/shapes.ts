import type { Text } from '@codemirror/state'

import { isRecord } from './requests.ts'

/** More than anybody reads, fewer than would hold the page up. */
export const ITEMS_MAX = 2_000
const DIAGNOSTICS_MAX = 500
const SIGNATURES_MAX = 100
const LABEL_CHARS_MAX = 500
const DOCUMENTATION_CHARS_MAX = 20_000

export type Position = { line: number; character: number }
export type Range = { start: Position; end: Position }
export type TextEdit = { range: Range; newText: string }
export type Markup = string | { kind: 'markdown' | 'plaintext'; value: string }

/**
 * A server's answers are bytes of a sandbox. Each is read into a shape that holds what is used and nothing else, its
 * positions inside of the text; what does not fit is left out, and an answer of another form is no answer.
 */
export function shapeAnswer(method: string, answer: unknown, docOf: (uri: unknown) => Text | undefined, uri: unknown): unknown {
  const doc = docOf(uri)
  switch (method) {
    case 'initialize':
      return { capabilities: capabilitiesOf(isRecord(answer) ? answer['capabilities'] : undefined) }
    case 'textDocument/hover':
      return doc ? hoverOf(answer, doc) : null
    case 'textDocument/signatureHelp':
      return signaturesOf(answer)
    case 'textDocument/definition':
      return locationsOf(answer, docOf)
    default:
      return answer
  }
}

/** What of a server's abilities is used here. */
function capabilitiesOf(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) return {}
  const sync = isRecord(value['textDocumentSync']) ? value['textDocumentSync']['change'] : value['textDocumentSync']
  return {
    textDocumentSync: sync === 1 || sync === 2 ? sync : 0,
    ...Object.fromEntries(ABILITIES.flatMap((name) => (value[name] ? [[name, optionsOf(value[name])]] : []))),
  }
}

const ABILITIES = ['completionProvider', 'hoverProvider', 'signatureHelpProvider', 'definitionProvider'] as const
export type Ability = (typeof ABILITIES)[number]

export type Options = { triggerCharacters: string[]; retriggerCharacters: string[]; resolveProvider: boolean }

export const optionsOf = (value: unknown): Options => {
  const options = isRecord(value) ? value : {}
  return {
    triggerCharacters: signsOf(options['triggerCharacters']) ?? [],
    retriggerCharacters: signsOf(options['retriggerCharacters']) ?? [],
    resolveProvider: options['resolveProvider'] === true,
  }
}

function hoverOf(answer: unknown, doc: Text): unknown {
  if (!isRecord(answer)) return null
  const all = [answer['contents']].flat().flatMap((one) => markupOf(one) ?? [])
  const range = rangeOf(answer['range'], doc)
  const value = all
    .map((one) => (typeof one === 'string' ? one : one.kind === 'markdown' ? one.value : literal(one.value)))
    .join('\n\n')
  return value.trim() === '' ? null : { contents: { kind: 'markdown', value }, ...(range && { range }) }
}

/** Markdown, plain text, or the oldest form, which names a language. */
function markupOf(value: unknown): Markup | undefined {
  if (typeof value === 'string') return { kind: 'markdown', value: cut(value) }
  if (!isRecord(value) || typeof value['value'] !== 'string') return undefined
  if (typeof value['language'] === 'string')
    return { kind: 'markdown', value: `\`\`\`${value['language'].replaceAll(/[^\w+#-]/g, '')}\n${cut(value['value'])}\n\`\`\`` }
  return { kind: value['kind'] === 'markdown' ? 'markdown' : 'plaintext', value: cut(value['value']) }
}

/** As a documentation: there a bare text is plain. */
export function documentationOf(value: unknown): Markup | undefined {
  return typeof value === 'string' ? cut(value) : markupOf(value)
}

const literal = (text: string) => text.replaceAll(/[\\`*_{}[\]()#+\-.!|<>&]/g, String.raw`\$&`)
const cut = (text: string) => text.slice(0, DOCUMENTATION_CHARS_MAX)

function signaturesOf(answer: unknown): unknown {
  if (!isRecord(answer) || !Array.isArray(answer['signatures'])) return null
  const signatures = answer['signatures'].slice(0, SIGNATURES_MAX).flatMap((one: unknown) => {
    if (!isRecord(one) || typeof one['label'] !== 'string') return []
    const { label } = one
    const documentation = documentationOf(one['documentation'])
    const parameters = Array.isArray(one['parameters']) ? one['parameters'].slice(0, 100).map(parameterOf) : []
    return [
      { label: label.slice(0, 2_000), parameters, ...(documentation && { documentation }), ...indexIn(one, 'activeParameter') },
    ]
  })
  return signatures.length === 0
    ? null
    : { signatures, ...indexIn(answer, 'activeSignature', signatures.length), ...indexIn(answer, 'activeParameter') }
}

function parameterOf(value: unknown): { label: string | [number, number] } {
  const label = isRecord(value) ? value['label'] : undefined
  if (Array.isArray(label) && isCount(label[0]) && isCount(label[1])) return { label: [label[0], label[1]] }
  return { label: typeof label === 'string' ? label.slice(0, LABEL_CHARS_MAX) : '' }
}

const indexIn = (value: Record<string, unknown>, key: string, below = Number.POSITIVE_INFINITY) => {
  const index = value[key]
  return isCount(index) && index < below ? { [key]: index } : {}
}

/** Both forms of a place, as the older one; those in files that are not open keep their line alone. */
function locationsOf(answer: unknown, docOf: (uri: unknown) => Text | undefined): unknown {
  return [answer].flat().flatMap((one) => {
    if (!isRecord(one)) return []
    const uri = one['targetUri'] ?? one['uri']
    const doc = docOf(uri)
    const range = doc && rangeOf(one['targetSelectionRange'] ?? one['range'], doc)
    return typeof uri === 'string' ? [{ uri, range: range ?? { start: START, end: START } }] : []
  })
}

const START: Position = { line: 0, character: 0 }

export type Diagnostic = { range: Range; severity: number; message: string; source: string | undefined }

export function diagnosticsOf(value: unknown, doc: Text): Diagnostic[] {
  if (!Array.isArray(value)) return []
  return value.slice(0, DIAGNOSTICS_MAX).flatMap((one: unknown) => {
    const range = isRecord(one) ? rangeOf(one['range'], doc) : undefined
    if (!isRecord(one) || !range || typeof one['message'] !== 'string') return []
    const source = [one['source'], one['code']].filter((part) => typeof part === 'string' || typeof part === 'number').join(' ')
    const severity = isCount(one['severity']) ? one['severity'] : 1
    return [
      { range, severity, message: one['message'].slice(0, 2_000), source: source === '' ? undefined : source.slice(0, 100) },
    ]
  })
}

export type Item = {
  label: string
  kind: number | undefined
  detail: string | undefined
  sortText: string | undefined
  filterText: string | undefined
  /** What is put in, and where, when not in the word's place. */
  text: string
  range: Range | undefined
  isSnippet: boolean
  documentation: Markup | undefined
  moreEdits: TextEdit[]
  commitCharacters: string[] | undefined
  /** As it came, to be sent back when more is asked about it. */
  raw: Record<string, unknown>
}

/** The items of a completion, and whether more typing may bring others. */
export function completionOf(answer: unknown, doc: Text): { items: Item[]; isIncomplete: boolean } {
  const list = isRecord(answer) ? answer : { items: answer }
  const defaults = isRecord(list['itemDefaults']) ? list['itemDefaults'] : {}
  const items = Array.isArray(list['items']) ? (list['items'] as unknown[]) : []
  return {
    items: items.slice(0, ITEMS_MAX).flatMap((one) => itemOf(one, defaults, doc) ?? []),
    isIncomplete: list['isIncomplete'] === true || items.length > ITEMS_MAX,
  }
}

export function itemOf(value: unknown, defaults: Record<string, unknown>, doc: Text): Item | undefined {
  if (!isRecord(value) || typeof value['label'] !== 'string' || value['label'] === '') return undefined
  const edit = isRecord(value['textEdit']) ? value['textEdit'] : undefined
  const label = value['label'].slice(0, LABEL_CHARS_MAX)
  const range = insertRange(edit ?? { range: defaults['editRange'] }, doc)
  return {
    label,
    kind: isCount(value['kind']) ? value['kind'] : undefined,
    detail: short(value['detail']),
    sortText: short(value['sortText']),
    filterText: short(value['filterText']),
    text: text(edit?.['newText']) ?? text(value['textEditText']) ?? text(value['insertText']) ?? label,
    range,
    isSnippet: (value['insertTextFormat'] ?? defaults['insertTextFormat']) === 2,
    documentation: documentationOf(value['documentation']),
    moreEdits: editsOf(value['additionalTextEdits'], doc),
    commitCharacters: signsOf(value['commitCharacters'] ?? defaults['commitCharacters']),
    raw: value,
  }
}

export const editsOf = (value: unknown, doc: Text): TextEdit[] =>
  (Array.isArray(value) ? (value as unknown[]) : []).slice(0, 100).flatMap((one) => {
    const range = isRecord(one) ? rangeOf(one['range'], doc) : undefined
    return isRecord(one) && range && typeof one['newText'] === 'string' ? [{ range, newText: one['newText'] }] : []
  })

/** An edit's range; of the newer form, the part before the cursor. */
function insertRange(edit: Record<string, unknown>, doc: Text): Range | undefined {
  const range = edit['range']
  return rangeOf(edit['insert'] ?? (isRecord(range) && isRecord(range['insert']) ? range['insert'] : range), doc)
}

const signsOf = (value: unknown) =>
  Array.isArray(value)
    ? value.filter((sign): sign is string => typeof sign === 'string' && sign.length === 1).slice(0, 50)
    : undefined
const short = (value: unknown) => (typeof value === 'string' ? value.slice(0, LABEL_CHARS_MAX) : undefined)
const text = (value: unknown) => (typeof value === 'string' ? value : undefined)
const isCount = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

/** A range within the text; its end not before its start. */
export function rangeOf(value: unknown, doc: Text): Range | undefined {
  if (!isRecord(value)) return undefined
  const [start, end] = [positionOf(value['start'], doc), positionOf(value['end'], doc)]
  if (!start || !end) return undefined
  const isForward = start.line < end.line || (start.line === end.line && start.character <= end.character)
  return { start, end: isForward ? end : start }
}

function positionOf(value: unknown, doc: Text): Position | undefined {
  if (!isRecord(value) || !isCount(value['line']) || !isCount(value['character'])) return undefined
  const line = Math.min(value['line'], doc.lines - 1)
  const { length } = doc.line(line + 1)
  return { line, character: line < value['line'] ? length : Math.min(value['character'], length) }
}

export const offsetOf = (doc: Text, { line, character }: Position): number => doc.line(line + 1).from + character
