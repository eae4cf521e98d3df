import type { LangId, SandboxId } from '#lib/domain/ids.ts'

/** What all pods of ours carry, whatever they are for; the values of {@link LABEL.kind} tell them apart. */
export const LABEL = {
  partOf: 'app.kubernetes.io/part-of',
  kind: 'dragoman.dev/kind',
  sandbox: 'dragoman.dev/sandbox',
  lang: 'dragoman.dev/lang',
  /** Only while nobody has claimed it. */
  pool: 'dragoman.dev/pool',
} as const

export const PART_OF = 'dragoman'
export type PodKind = 'session' | 'build' | 'probe'

/** Where an agent listens in its pod. */
export const AGENT_PORT = 7117

export type PodLabels = {
  readonly kind: PodKind
  readonly id: SandboxId
  readonly lang?: LangId
  /** The kind of pool that it is a member of. */
  readonly pool?: string
}

export const podLabels = ({ kind, id, lang, pool }: PodLabels): Record<string, string> => ({
  [LABEL.partOf]: PART_OF,
  [LABEL.kind]: kind,
  [LABEL.sandbox]: id,
  ...(lang && { [LABEL.lang]: labelValue(lang) }),
  ...(pool !== undefined && { [LABEL.pool]: labelValue(pool) }),
})

/** Selects every pod of this kind, and none that is not ours. */
export const selectorOf = (kind: PodKind): string => `${LABEL.partOf}=${PART_OF},${LABEL.kind}=${kind}`

/** Labels know no plus, as image names do not: `c++` is `c-plus-plus`. The kind of a member without a language is empty. */
const labelValue = (text: string) => text.replaceAll('+', '-plus') || 'plain'
