import type { Page, WebSocketRoute } from '@playwright/test'

export type Cable = { cut(): Promise<void>; mend(): void }

/** The line between a page and its server, to be cut and mended. Lay it before the page is opened. */
export async function layCable(page: Page): Promise<Cable> {
  let isCut = false
  const ends = new Set<WebSocketRoute>()
  await page.routeWebSocket(/\/socket\.io\//, (near) => {
    const far = near.connectToServer()
    if (!isCut) return void ends.add(near).add(far)
    // A route that is closed before it has opened leaves its page waiting: the server's first word is the time to do it.
    far.onMessage(() => void Promise.all([near.close(), far.close()]))
  })
  return {
    async cut() {
      isCut = true
      await Promise.all([...ends].map((end) => end.close()))
      ends.clear()
    },
    mend() {
      isCut = false
    },
  }
}
