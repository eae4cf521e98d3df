import { type Draft, linkedDraft } from '../draft.ts'
import type { Desk } from '../program/desk.ts'

type Language = { readonly id: string; readonly main: string }

/** Whether it may be a program at all, so that anything else behind a `#` is left alone. */
export const isLinkPart = (part: string): boolean => /^\d{1,9}\./.test(part)

/**
 * Shows the program that the address holds, now and whenever another link is opened in this page. One that cannot be
 * opened is said to be so, and the visitor's own stays.
 */
export function openLinks({ id, main }: Language, desk: Desk, own: Draft, closing: AbortSignal): void {
  async function open() {
    const part = location.hash.slice(1)
    if (!isLinkPart(part)) {
      if (desk.view().isLinked) desk.showOwn(own) // by the browser's Back
      return
    }
    const { badLinkWords, readLinkPart } = await import('./link.ts')
    const read = await readLinkPart(part, id, main)
    if (closing.aborted || location.hash.slice(1) !== part) return
    if (read.ok) return desk.showLinked(read.value, linkedDraft(id, main, part, sessionStorage, localStorage))
    if (desk.view().isLinked) desk.showOwn(own)
    desk.say({ words: badLinkWords(read.error), isProblem: true })
  }
  addEventListener('hashchange', () => void open(), { signal: closing })
  void open()
}
