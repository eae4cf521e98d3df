import { err } from '#lib/domain/result.ts'

import type { Sandboxes } from './sandboxes.ts'

/** A machine that cannot hold sandboxes: pages are served, and every start is refused. */
export const absentSandboxes: Sandboxes = {
  start: async () => err({ code: 'start_failed', why: 'there are no sandboxes on this machine' }),
  adopt: async () => undefined,
  sweep: async () => 0,
  close: async () => {},
}
