import { requestBuild, retryBuild } from '#lib/application/builds/request-build.ts'
import type { ApiProblem } from '#lib/domain/api-problem.ts'
import { PRIORITIES } from '#lib/domain/build.ts'
import { may } from '#lib/domain/may.ts'
import { actorName, isActor, type Person, type Role } from '#lib/domain/person.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import type { BUILD_OPERATIONS } from '#lib/protocol/http/build-operations.ts'
import { askedBy } from './asked-by.ts'
import { followLog, logText } from './log-stream.ts'
import { presentBuild } from './present.ts'
import type { ApiWorld, Handler } from './world.ts'

const LISTED = 50
/** Builds of one person that are at work at a time: all languages at once for who keeps them. */
export const BUILDS_MAX = { visitor: 0, contributor: 10, maintainer: 500, admin: 500 } as const satisfies Record<Role, number>
const REFRESH_BYTES = 8

type Handlers = { readonly [Id in keyof typeof BUILD_OPERATIONS]: Handler<Id> }

export const BUILD_HANDLERS: Handlers = {
  async listBuilds({ queue }, { query: { lang, live, max = LISTED } }) {
    const builds = await queue.list({ max, live: live === 'true', ...(lang && { lang }) })
    return ok({ builds: builds.map(presentBuild) })
  },

  async getBuild({ queue }, { params }) {
    const build = await queue.find(params.build)
    return build ? ok(presentBuild(build)) : err({ code: 'no_such_build' })
  },

  async requestBuild(world, { asker, body }) {
    const person = await withinQuota(world, askedBy(asker))
    if (!person.ok) return person
    const config = world.config(body.lang, body.config)
    if (!config.ok) return config
    const agent = body.agent ?? config.value.agent ?? (await world.artifacts.releases())[0]?.version
    if (agent === undefined) return err({ code: 'nothing_to_start_from', missing: 'agent' })
    return requestBuild(world, {
      ...{ lang: body.lang, configText: config.value.text, from: body.from ?? 'package', agent },
      ...{ by: actorName(person.value), priority: PRIORITIES.person },
      ...(body.refresh === true && { refresh: world.random.hex(REFRESH_BYTES) }),
    })
  },

  async readLog(world, { params: { build }, query: { from }, headers, signal }) {
    if (!(await world.queue.find(build))) return err({ code: 'no_such_build' })
    const wantsEvents = headers.get('accept')?.includes('text/event-stream') === true
    return wantsEvents ? followLog(world, build, from, headers, signal) : ok(logText(world, build, from))
  },

  async cancelBuild({ queue }, { params: { build }, asker }) {
    const person = askedBy(asker)
    if (!person.ok) return person
    const found = await queue.find(build)
    if (!found) return err({ code: 'no_such_build' })
    const allowed = isActor(found.by, person.value) ? ok(undefined) : may(asker, 'cancel_build')
    if (!allowed.ok) return allowed
    return (await queue.cancel(build, actorName(person.value))) ? ok({ build }) : err({ code: 'not_at_work' })
  },

  async retryBuild(world, { params: { build }, asker }) {
    const person = await withinQuota(world, askedBy(asker))
    if (!person.ok) return person
    return retryBuild(world, { build, by: actorName(person.value), priority: PRIORITIES.person })
  },

  async prioritiseBuild({ queue }, { params: { build }, body: { priority } }) {
    if (await queue.prioritise(build, priority)) return ok({ build, priority })
    return err({ code: (await queue.find(build)) ? 'not_at_work' : 'no_such_build' })
  },
}

async function withinQuota({ queue }: ApiWorld, person: Result<Person, ApiProblem>): Promise<Result<Person, ApiProblem>> {
  if (!person.ok) return person
  const max = BUILDS_MAX[person.value.role]
  return (await queue.atWorkFor(actorName(person.value))) < max ? person : err({ code: 'quota_spent', max })
}
