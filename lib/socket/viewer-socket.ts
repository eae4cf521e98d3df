import type { Socket } from 'socket.io'

import type { Viewer } from '#lib/application/sessions/viewer.ts'
import type { ToBrowser, ToServer } from '#lib/protocol/browser.ts'

export type BrowserSocket = Socket<ToServer, ToBrowser>

/**
 * A browser as a session's viewer. What the session says before the call that opened it was answered waits for
 * `release`, so that a browser always knows its session first; the output window bounds what can wait.
 */
export function socketViewer(socket: BrowserSocket, gone: () => void): Viewer & { release(): void } {
  let held: (() => void)[] | undefined = []
  const say = (act: () => void) => (held ? void held.push(act) : act())
  return {
    // The frame's memory is the link's own read buffer; socket.io keeps the bytes until they are written.
    output: (offset, bytes) => say(() => socket.emit('output', offset, bytes)),
    inputAck: (offset) => say(() => socket.emit('input-ack', offset)),
    job: (event) => say(() => socket.emit('job', event)),
    problem: (problem) => say(() => socket.emit('problem', problem)),
    lspOutput: (server, offset, bytes) => say(() => socket.emit('lsp-output', server, offset, bytes)),
    lspEnded: (server, end) => say(() => socket.emit('lsp-ended', server, end)),
    ended: (reason) => {
      say(() => socket.emit('ended', { reason }))
      gone()
    },
    replaced: () => {
      say(() => socket.emit('replaced'))
      gone()
    },
    moved: () => {
      say(() => socket.emit('move', { afterMs: 0 }))
      gone()
    },
    release() {
      const waiting = held ?? []
      held = undefined
      for (const act of waiting) act()
    },
  }
}
