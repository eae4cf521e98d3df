import { join, resolve } from 'node:path'

import { byName, languageOf, loadLanguages } from '../adapters/lang-files/load-languages.ts'
import { pgDeployments } from '../adapters/pg/deployments.ts'
import { commandsInSandbox } from '../adapters/system/has-command.ts'
import { systemClock } from '../adapters/system/time.ts'
import { findLanguage } from '../application/languages/find-language.ts'
import { LiveLanguages } from '../application/languages/live-languages.ts'
import { readiness, type Listed } from '../application/languages/readiness.ts'
import { withToolsHere } from '../application/languages/tools-here.ts'
import type { ImageRoots } from '../application/ports/image-roots.ts'
import type { Log } from '../application/ports/log.ts'
import type { Metrics } from '../application/ports/metrics.ts'
import type { Config } from '../config/options.ts'
import type { Language } from '../domain/language.ts'
import type { Problem } from '../domain/problem.ts'
import { err, ok, type Result } from '../domain/result.ts'
import type { WorkshopDatabase } from './databases.ts'

/** Commands that appear later (somebody installed a package) are seen after this. */
const READINESS_MS = 5000

export type Languages = {
  /** Every language, by name: as it is deployed, else as its file says with this machine's own programs. Pods have only the former. */
  all(): readonly Listed[]
  ready(): readonly Language[]
  startable(id: string): Result<Language, Problem>
  stop(): void
}

type World = {
  readonly config: Config
  readonly top: string
  readonly workshop: WorkshopDatabase | undefined
  readonly roots: ImageRoots
  readonly metrics: Metrics
  readonly log: Log
  readonly changed: () => void
}

export async function openLanguages({ config, top, workshop, roots, metrics, log, changed }: World): Promise<Languages> {
  const here = config.sandboxes === 'pods' ? () => [] : languagesHere(config, top, log)
  const count = () => metrics.set('dragoman_languages_deployed', {}, deployed?.all().length ?? 0)
  const deployed: LiveLanguages | undefined =
    workshop &&
    new LiveLanguages({
      deployments: pgDeployments(workshop.database),
      announcements: workshop.announcements,
      ...{ roots, clock: systemClock, log },
      changed() {
        count()
        changed()
      },
      parse(text) {
        const language = languageOf('config', text)
        return language.ok ? ok(withTimes(language.value, config)) : language
      },
    })
  count()
  await deployed?.start()

  const all = (): readonly Listed[] => {
    const live = deployed?.all() ?? []
    if (live.length === 0) return here()
    const ids = new Set(live.map(({ id }) => id))
    const others = here().filter(({ language }) => !ids.has(language.id))
    const listed = [...others, ...live.map((language) => ({ language, readiness: { ready: true as const } }))]
    return listed.toSorted((a, b) => byName(a.language, b.language))
  }
  return {
    all,
    ready: () => all().flatMap(({ language, readiness: state }) => (state.ready ? [language] : [])),
    startable(id) {
      const found = findLanguage(all(), id)
      if (found.kind !== 'id') return err({ code: 'unknown_lang', lang: id, ...(found.kind === 'none' && { near: found.near }) })
      const { language, readiness: state } = found.listed
      return state.ready ? ok(language) : err({ code: 'not_ready', lang: id, missing: state.missing, packages: state.packages })
    },
    stop: () => deployed?.stop(),
  }
}

/** What the files say, with the commands that this machine has. */
function languagesHere(config: Config, top: string, log: Log): () => readonly Listed[] {
  const loaded = loadLanguages([join(top, 'langs'), ...(config.configs ? [resolve(config.configs)] : [])])
  for (const { severity, file, line, column, message } of loaded.problems) {
    log.warn(severity === 'error' ? 'language refused' : 'language', { file, line, column, message })
  }
  const languages = loaded.languages.map((language) => withTimes(language, config))
  const hasCommand = commandsInSandbox(top)
  const look = () =>
    languages.map((language) => ({
      language: withToolsHere(language, hasCommand),
      readiness: readiness(language, hasCommand),
    }))
  let listed = look()
  let lookedAt = systemClock.now()
  return () => {
    if (systemClock.now() - lookedAt > READINESS_MS) {
      listed = look()
      lookedAt = systemClock.now()
    }
    return listed
  }
}

/** An operator's times go before a language's own. */
function withTimes(language: Language, { idleSeconds, lifeSeconds }: Config): Language {
  const times = { ...(idleSeconds && { idleMs: idleSeconds * 1000 }), ...(lifeSeconds && { lifeMs: lifeSeconds * 1000 }) }
  return { ...language, limits: { ...language.limits, ...times } }
}
