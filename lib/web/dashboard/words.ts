import { type Attention, ATTENTIONS } from '#lib/domain/attention.ts'
import { type Outcome, OUTCOMES, type TestResult } from '#lib/domain/build.ts'
import { type Digest, digestHex } from '#lib/domain/digest.ts'
import type { BuildId, LangId } from '#lib/domain/ids.ts'
import { visible } from '#lib/domain/visible-text.ts'

import { html, type Html } from '../plain/html.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
export const DAY_MS = 24 * HOUR_MS

/** `2026-11-21 20:05 UTC`, for everybody the same. */
export const stamp = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

/** How long ago, in the largest unit of which there is more than one. */
export function ago(at: Date, now: Date): string {
  const ms = now.getTime() - at.getTime()
  if (ms < 2 * MINUTE_MS) return 'just now'
  if (ms < 2 * HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ago`
  if (ms < 2 * DAY_MS) return `${Math.floor(ms / HOUR_MS)} h ago`
  if (ms < 120 * DAY_MS) return `${Math.floor(ms / DAY_MS)} days ago`
  if (ms < 730 * DAY_MS) return `${Math.floor(ms / (30 * DAY_MS))} months ago`
  return `${Math.floor(ms / (365 * DAY_MS))} years ago`
}

export const time = (at: Date, now: Date): Html =>
  html`<time datetime="${at.toISOString()}" title="${stamp(at)}">${ago(at, now)}</time>`

/** `240 ms`, `4.2 s`, `3 min 05 s`, `2 h 10 min`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(seconds / 3600)} h ${String(Math.floor((seconds % 3600) / 60)).padStart(2, '0')} min`
}

/** In the units of disks: thousands. */
export function bytes(count: number): string {
  if (count < 1000) return `${count} B`
  if (count < 1_000_000) return `${(count / 1000).toFixed(1)} KB`
  if (count < 1_000_000_000) return `${(count / 1_000_000).toFixed(count < 10_000_000 ? 1 : 0)} MB`
  return `${(count / 1_000_000_000).toFixed(2)} GB`
}

export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`

/** A digest's beginning tells it apart; the whole is there for who hovers, and to be selected. */
export const digestCode = (digest: Digest): Html => html`<code title="${digest}">${digestHex(digest).slice(0, 12)}</code>`
export const wholeDigest = (digest: string): Html => html`<code class="digest">${visible(digest)}</code>`

/** Mark, tone and words of each ending: nothing is said by colour alone. */
const TONES = {
  ok: ['✓', 'good'],
  failed: ['✗', 'bad'],
  timeout: ['✗', 'bad'],
  infra: ['!', 'odd'],
  cancelled: ['–', 'idle'],
  superseded: ['–', 'idle'],
  waiting: ['…', 'idle'],
  skipped: ['–', 'idle'],
} as const satisfies Record<Outcome | TestResult['outcome'], readonly [string, string]>

const chip = ([mark, tone]: readonly [string, string], words: string): Html =>
  html`<span class="chip ${tone}"><span aria-hidden="true">${mark}</span> ${words}</span>`

/** How a build, step or attempt stands; undefined is at work or waits. */
export const outcomeChip = (outcome: Outcome | undefined, open = 'open'): Html =>
  outcome === undefined ? chip(['…', 'busy'], open) : chip(TONES[outcome], OUTCOMES[outcome].words)

const CHECK_WORDS = { ok: 'passed', failed: 'failed', timeout: 'took too long', skipped: 'left out' } as const
export const checkWords = (outcome: TestResult['outcome']): string => CHECK_WORDS[outcome]
export const checkTone = (outcome: TestResult['outcome']): readonly [string, string] => TONES[outcome]
export const checkChip = (outcome: TestResult['outcome'], words: string = CHECK_WORDS[outcome]): Html =>
  chip(TONES[outcome], words)

export const needChip = (need: Attention): Html =>
  html`<span class="chip ${need === 'failing' ? 'bad' : 'odd'}" title="${ATTENTIONS[need].why}">${ATTENTIONS[need].words}</span>`

export const langPath = (lang: LangId): string => `/dashboard/${encodeURIComponent(lang)}`
export const buildPath = (build: BuildId): string => `/dashboard/builds/${build}`
export const buildLink = (build: BuildId): Html => html`<a href="${buildPath(build)}"><code>${build}</code></a>`
