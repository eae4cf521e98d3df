import type { BuildStatus } from '#lib/application/ports/build-queue.ts'
import type { LanguageStatus } from '#lib/application/ports/deployments.ts'
import type { TokenFacts } from '#lib/application/ports/people.ts'
import type { Deployment } from '#lib/domain/deployment.ts'
import type { OperationAnswer } from '#lib/protocol/http/operations.ts'

/** The fields that leave, each named: what a row gets later does not leave by itself. */
export function presentBuild(build: BuildStatus): OperationAnswer<'getBuild'> {
  const { config, base, agent, package: pkg, image, refresh } = build.inputs
  const { id, lang, from, by, outcome, reason } = build
  return {
    ...{ id, lang, from, by, outcome, reason },
    inputs: { config, base, agent, package: pkg, image, refresh },
    requestedAt: build.requestedAt.toISOString(),
    endedAt: build.endedAt?.toISOString(),
    steps: build.steps.map(({ step, state, attempts, outcome, artifact, skipped }) => {
      return { step, state, attempts, outcome, artifact, skipped }
    }),
  }
}

export function presentLanguage(status: LanguageStatus, name: string | undefined): OperationAnswer<'getLanguage'> {
  const { lang, live, newest, build } = status
  return {
    id: lang,
    name,
    live: live && {
      ...{ image: live.combination.image, config: live.combination.config, agent: live.combination.agent },
      ...{ number: live.number, combination: live.id, by: live.by, at: live.at.toISOString() },
    },
    tested: newest,
    build: build && { id: build.id, outcome: build.outcome, at: build.at.toISOString() },
  }
}

type PresentedDeployment = OperationAnswer<'listDeployments'>['deployments'][number]
export function presentDeployment({ combination, ...deployment }: Deployment): PresentedDeployment {
  const { number, id, kind, restores, by, forced, at } = deployment
  const { image, config, agent } = combination
  return { image, config, agent, number, combination: id, kind, restores, by, forced: [...forced], at: at.toISOString() }
}

type PresentedToken = OperationAnswer<'listTokens'>['tokens'][number]
export function presentToken({ id, name, scopes, createdAt, expiresAt, revokedAt, usedAt }: TokenFacts): PresentedToken {
  return {
    ...{ id, name, scopes: [...scopes] },
    createdAt: createdAt.toISOString(),
    expiresAt: expiresAt.toISOString(),
    revokedAt: revokedAt?.toISOString(),
    usedAt: usedAt?.toISOString(),
  }
}
