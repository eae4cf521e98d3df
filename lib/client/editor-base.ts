import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language'
import type { Extension } from '@codemirror/state'
import { drawSelection, EditorView, highlightActiveLine, highlightSpecialChars, lineNumbers, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'

/** Few colours, by what a reader looks for; their values are the style sheet's. */
export const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword, tags.controlKeyword, tags.tagName], color: 'var(--code-keyword)' },
  { tag: [tags.string, tags.special(tags.string), tags.regexp, tags.character, tags.link], color: 'var(--code-string)' },
  { tag: [tags.number, tags.bool, tags.null, tags.atom], color: 'var(--code-number)' },
  { tag: [tags.comment, tags.meta, tags.processingInstruction], color: 'var(--code-comment)', fontStyle: 'italic' },
  {
    tag: [
      tags.definition(tags.variableName),
      tags.definition(tags.className),
      tags.definition(tags.typeName),
      tags.special(tags.variableName),
    ],
    color: 'var(--code-name)',
  },
  {
    tag: [tags.typeName, tags.className, tags.standard(tags.name), tags.labelName, tags.propertyName, tags.attributeName],
    color: 'var(--code-type)',
  },
  { tag: tags.heading, color: 'var(--code-keyword)', fontWeight: 'bold' },
  { tag: tags.strong, fontWeight: 'bold' },
  { tag: [tags.emphasis, tags.quote], fontStyle: 'italic' },
  { tag: tags.invalid, color: 'var(--code-invalid)' },
])

/** What is seen of each file from the start; what only somebody who edits needs comes when the editor is entered. */
export const BASE: Extension = [
  lineNumbers(),
  highlightSpecialChars(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  highlightActiveLine(),
  syntaxHighlighting(COLOURS),
  EditorView.lineWrapping,
  placeholder('Write a program, then run it'),
  EditorView.contentAttributes.of({ tabindex: '0', spellcheck: 'false', autocapitalize: 'off', autocorrect: 'off' }),
]
