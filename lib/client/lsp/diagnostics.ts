import { type Diagnostic as Shown, setDiagnostics } from '@codemirror/lint'
import { LSPPlugin } from '@codemirror/lsp-client'
import type { EditorView } from '@codemirror/view'

import { type Diagnostic, offsetOf } from './shapes.ts'

const SEVERITIES = ['error', 'error', 'warning', 'info', 'hint'] as const

/** Draws what the server complains of; `diagnostics` are of the text that it was last told. */
export function showDiagnostics(view: EditorView, diagnostics: readonly Diagnostic[]): void {
  const plugin = LSPPlugin.get(view)
  if (!plugin) return
  const { syncedDoc, unsyncedChanges } = plugin
  const offset = (position: Diagnostic['range']['start']) => {
    const line = Math.min(position.line, syncedDoc.lines - 1)
    const { length } = syncedDoc.line(line + 1)
    return unsyncedChanges.mapPos(offsetOf(syncedDoc, { line, character: Math.min(position.character, length) }))
  }
  const shown = diagnostics.map(({ range, severity, message, source }): Shown => {
    const from = offset(range.start)
    return {
      from,
      to: Math.max(from, offset(range.end)),
      severity: SEVERITIES[severity] ?? 'info',
      message,
      ...(source === undefined ? {} : { source }),
    }
  })
  view.dispatch(setDiagnostics(view.state, shown))
}
