import { createHash } from 'node:crypto'

import type { Language } from '#lib/domain/language.ts'

import { launchOf } from '../sessions/launch.ts'

/** Two languages with the same key may have each other's waiting prompts: they stand on the same and start the same. 64 hex digits. */
export const keptAs = (language: Language): string =>
  createHash('sha256')
    .update(JSON.stringify([language.foundation ?? 'machine', language.limits, launchOf(language)]))
    .digest('hex')
