import { z } from 'zod'

// The server's words stand apart, so that the runner has them without the schemas.
export * from './runner-words.ts'

/** Runner → server, beside bytes. A recipe may have got at the runner: every word of it is checked, and none is believed. */
export const fromRunner = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ping') }),
  /** The time of the newest file, before the layer itself. */
  z.object({ type: z.literal('newest'), ms: z.number().min(0).max(1e15) }),
  /** A program of the recipe has this way now. */
  z.object({ type: z.literal('taken') }),
  /** Whether there is such a folder, whose bytes follow. */
  z.object({ type: z.enum(['some', 'none']) }),
  /** All bytes of this operation were said. */
  z.object({ type: z.literal('end') }),
  z.object({
    type: z.literal('ended'),
    /** As a shell says it: above 128 it was a signal. */
    status: z.int().min(0).max(255),
    /** It said more than it may, and was stopped. */
    outputSpent: z.boolean(),
    /** Processes of it that the kernel ended because there was no memory left. */
    memoryKills: z.int().min(0),
  }),
  z.object({ type: z.literal('failed'), why: z.string().max(2000) }),
])
export type FromRunner = z.infer<typeof fromRunner>
