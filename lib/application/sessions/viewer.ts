import type { EndReason } from '#lib/domain/ending.ts'
import type { Problem } from '#lib/domain/problem.ts'
import type { JobEvent, LspEnd } from '#lib/protocol/browser.ts'

/** Whoever looks at a session: a browser's socket, or a test. */
export interface Viewer {
  output(offset: number, bytes: Uint8Array): void
  inputAck(offset: number): void
  job(event: JobEvent): void
  problem(problem: Problem): void
  /** Of a language server, by the number its start gave. */
  lspOutput(server: number, offset: number, bytes: Uint8Array): void
  lspEnded(server: number, end: LspEnd): void
  /** The session is over; nothing follows. */
  ended(reason: EndReason): void
  /** Another viewer took the session over; nothing follows. */
  replaced(): void
  /** The session goes on at another server; nothing follows here. */
  moved(): void
}

/** Nobody. */
export const NO_VIEWER: Viewer = {
  output() {},
  inputAck() {},
  job() {},
  problem() {},
  lspOutput() {},
  lspEnded() {},
  ended() {},
  replaced() {},
  moved() {},
}
