import { isAlias, isMap, isNode, isScalar, LineCounter, parseAllDocuments, visit, type Document } from 'yaml'

import { err, ok, type Result } from '#lib/domain/result.ts'

/** A place in the text, both from 1. */
export type Place = { readonly line: number; readonly column: number }
export type Misformed = Place & { readonly message: string }

export type Parsed = {
  readonly value: unknown
  /** Where a field's value stands; of one that is missing, where its parent does. */
  placeOf(path: readonly PropertyKey[]): Place
  /** Where a field's name stands. */
  keyPlaceOf(path: readonly PropertyKey[], key: string): Place
}

/** Mistakes told per file; after that many more of them help nobody. */
export const MISTAKES_MAX = 20

/**
 * Reads one YAML 1.2 document of plain values: core types, unique keys; no tags, no anchors or aliases (a few hundred
 * bytes of them can stand for gigabytes), no merge keys and no switch to YAML 1.1, where `no` is a boolean.
 */
export function parseYaml(source: string): Result<Parsed, readonly Misformed[]> {
  const lines = new LineCounter()
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const parsed = parseAllDocuments(source, {
    lineCounter: lines,
    version: '1.2',
    schema: 'core',
    merge: false,
    prettyErrors: false,
  })
  const documents: readonly Document[] = Array.isArray(parsed) ? parsed : []
  const [document, second] = documents
  if (!document) return err([{ ...at(0), message: 'the file is empty' }])

  const mistakes = [
    ...document.errors.map((error) => ({ ...at(error.pos[0]), message: error.message })),
    ...(document.directives?.yaml.explicit ? [{ ...at(0), message: 'a %YAML line is not used here' }] : []),
    ...(second ? [{ ...at(second.range?.[0] ?? 0), message: 'there must be one document in a file' }] : []),
    ...forbidden(document).map(({ offset, message }) => ({ ...at(offset), message })),
  ]
  if (mistakes.length > 0) return err(mistakes.slice(0, MISTAKES_MAX))
  return ok({
    value: document.toJS(),
    placeOf: (path) => at(offsetOf(document, path)),
    keyPlaceOf: (path, key) => at(keyOffsetOf(document, path, key)),
  })
}

function forbidden(document: Document): { offset: number; message: string }[] {
  const found: { offset: number; message: string }[] = []
  visit(document, {
    Node(_key, node) {
      const offset = node.range?.[0] ?? 0
      if (isAlias(node)) found.push({ offset, message: `an alias (*${node.source}) is not used here` })
      else if (node.anchor) found.push({ offset, message: `an anchor (&${node.anchor}) is not used here` })
      if (node.tag !== undefined) found.push({ offset, message: `a tag (${node.tag}) is not used here` })
      return found.length < MISTAKES_MAX ? undefined : visit.BREAK
    },
  })
  return found
}

function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return document.range?.[0] ?? 0
}

function keyOffsetOf(document: Document, path: readonly PropertyKey[], name: string): number {
  const parent: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  const keys = isMap(parent) ? parent.items.map((pair) => pair.key) : []
  const key = keys.find((node) => isScalar(node) && String(node.value) === name)
  return (isNode(key) ? key.range?.[0] : undefined) ?? offsetOf(document, path)
}
