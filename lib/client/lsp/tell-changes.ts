import { LSPPlugin } from '@codemirror/lsp-client'
import { ViewPlugin, type ViewUpdate } from '@codemirror/view'

/** A pause in writing after which the server is told; what it is asked tells it at once. */
const PAUSE_MS = 300

/** Tells the server what was written, so that it complains of what is there now. */
export const tellChanges = ViewPlugin.define((view) => {
  const tell = () => LSPPlugin.get(view)?.client.sync()
  // Of the file that was shown before, too.
  let timer = setTimeout(tell, PAUSE_MS)
  return {
    update({ docChanged }: ViewUpdate) {
      if (!docChanged) return
      clearTimeout(timer)
      timer = setTimeout(tell, PAUSE_MS)
    },
    destroy: () => clearTimeout(timer),
  }
})
