import { listAgents } from '#lib/application/agents/list-agents.ts'
import { promote } from '#lib/application/deployments/promote.ts'
import { rollback } from '#lib/application/deployments/rollback.ts'
import { may } from '#lib/domain/may.ts'
import { actorName } from '#lib/domain/person.ts'
import { err, ok } from '#lib/domain/result.ts'
import type { LANGUAGE_OPERATIONS } from '#lib/protocol/http/language-operations.ts'
import { askedBy } from './asked-by.ts'
import { presentDeployment, presentLanguage } from './present.ts'
import type { Handler } from './world.ts'

const HISTORY = 50

type Handlers = { readonly [Id in keyof typeof LANGUAGE_OPERATIONS]: Handler<Id> }

export const LANGUAGE_HANDLERS: Handlers = {
  async listLanguages({ deployments, languageName }) {
    const found = await deployments.status()
    return ok({ languages: found.map((status) => presentLanguage(status, languageName(status.lang))) })
  },

  async getLanguage({ deployments, languageName }, { params: { lang } }) {
    const [found] = await deployments.status([lang])
    return found ? ok(presentLanguage(found, languageName(lang))) : err({ code: 'no_such_language' })
  },

  async listDeployments({ deployments }, { params: { lang }, query: { max = HISTORY } }) {
    return ok({ deployments: (await deployments.history(lang, max)).map(presentDeployment) })
  },

  async promote(world, { params: { lang }, body: { build, force = [] }, asker }) {
    const person = askedBy(asker)
    if (!person.ok) return person
    const forcing = force.length === 0 ? ok(undefined) : may(asker, 'force_regression')
    if (!forcing.ok) return forcing
    const which = build ? { build } : 'newest'
    const done = await promote(world, { lang, which, force, by: actorName(person.value) })
    return done.ok ? ok(deployed(done.value)) : done
  },

  async rollBack(world, { params: { lang }, body: { to }, asker }) {
    const person = askedBy(asker)
    if (!person.ok) return person
    const done = await rollback(world, { lang, by: actorName(person.value), ...(to !== undefined && { to }) })
    return done.ok ? ok(deployed(done.value)) : done
  },

  async listAgents(world) {
    const agents = await listAgents(world)
    return ok({
      agents: agents.map(({ version, digest, size, madeAt, protocol, languages }) => {
        return { version, digest, size, madeAt: madeAt.toISOString(), protocol, languages: [...languages] }
      }),
    })
  },

  async listBases({ artifacts }) {
    const bases = await artifacts.bases()
    return ok({
      bases: bases.map(({ digest, size, madeAt, facts }) => {
        const { distribution, release } = facts
        return { digest, size, madeAt: madeAt.toISOString(), distribution: textOf(distribution), release: textOf(release) }
      }),
    })
  },
}

const textOf = (fact: unknown) => (typeof fact === 'string' ? fact : undefined)

type Done = Extract<Awaited<ReturnType<typeof promote>>, { ok: true }>['value']
const deployed = ({ number, id, changed, forced }: Done) => ({ number, combination: id, changed, forced: [...forced] })
