/** Why somebody should look at a language; each has its words, and what it says of itself to whoever wonders. */
export const ATTENTIONS = {
  failing: { words: 'failing', why: 'its newest build, or a check of what is live, failed' },
  untested: { words: 'never tested', why: 'no check was ever made of what it serves' },
  'old-base': { words: 'old base', why: 'it stands on another base image than the newest' },
  stale: { words: 'stale', why: 'its image is older than 90 days' },
} as const
export type Attention = keyof typeof ATTENTIONS

export const isAttention = (text: string): text is Attention => Object.hasOwn(ATTENTIONS, text)

/** An image older than this is stale: its distribution has had a quarter of security updates since. */
export const STALE_DAYS = 90
