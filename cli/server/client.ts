// Made from the OpenAPI document by `node cli/docs.ts`; change lib/protocol/http/ instead.

export const PATHS = {
  listLanguages: { method: 'GET', path: '/languages' },
  getLanguage: { method: 'GET', path: '/languages/{lang}' },
  listDeployments: { method: 'GET', path: '/languages/{lang}/deployments' },
  promote: { method: 'POST', path: '/languages/{lang}/deployments' },
  rollBack: { method: 'POST', path: '/languages/{lang}/rollback' },
  listAgents: { method: 'GET', path: '/agents' },
  listBases: { method: 'GET', path: '/bases' },
  listBuilds: { method: 'GET', path: '/builds' },
  requestBuild: { method: 'POST', path: '/builds' },
  getBuild: { method: 'GET', path: '/builds/{build}' },
  readLog: { method: 'GET', path: '/builds/{build}/log' },
  cancelBuild: { method: 'POST', path: '/builds/{build}/cancel' },
  retryBuild: { method: 'POST', path: '/builds/{build}/retry' },
  prioritiseBuild: { method: 'POST', path: '/builds/{build}/priority' },
  whoAmI: { method: 'GET', path: '/me' },
  listTokens: { method: 'GET', path: '/tokens' },
  makeToken: { method: 'POST', path: '/tokens' },
  revokeToken: { method: 'DELETE', path: '/tokens/{token}' },
  listPeople: { method: 'GET', path: '/people' },
  changeRole: { method: 'POST', path: '/people/{person}/role' },
  readAudit: { method: 'GET', path: '/audit' },
} as const

export type Operations = {
  /** Every language: what is live, what was tested, what was built last. */
  listLanguages: {
    path: undefined
    query: undefined
    body: undefined
    answer: {
      languages: {
        id: string
        name?: string
        live?: {
          image: string
          config: string
          agent: string
          number: number
          combination: string
          by: string
          at: string
        }
        tested?: string
        build?: {
          id: string
          outcome?: 'ok' | 'failed' | 'timeout' | 'infra' | 'cancelled' | 'superseded' | 'waiting'
          at: string
        }
      }[]
    }
  }
  /** One language. */
  getLanguage: {
    path: {
      lang: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      name?: string
      live?: {
        image: string
        config: string
        agent: string
        number: number
        combination: string
        by: string
        at: string
      }
      tested?: string
      build?: {
        id: string
        outcome?: 'ok' | 'failed' | 'timeout' | 'infra' | 'cancelled' | 'superseded' | 'waiting'
        at: string
      }
    }
  }
  /** What it served, the newest first. */
  listDeployments: {
    path: {
      lang: string
    }
    query: {
      max?: string
    }
    body: undefined
    answer: {
      deployments: {
        image: string
        config: string
        agent: string
        number: number
        combination: string
        kind: 'promote' | 'rollback'
        restores?: number
        by: string
        forced: ('ensure' | 'run' | 'repl' | 'runrepl' | 'scope' | 'format' | 'lsp')[]
        at: string
      }[]
    }
  }
  /** Make live what was tested; refused when a check would be lost that is not forced by name. */
  promote: {
    path: {
      lang: string
    }
    query: undefined
    body: {
      build?: string
      force?: ('ensure' | 'run' | 'repl' | 'runrepl' | 'scope' | 'format' | 'lsp')[]
    }
    answer: {
      number: number
      combination: string
      changed: boolean
      forced: ('ensure' | 'run' | 'repl' | 'runrepl' | 'scope' | 'format' | 'lsp')[]
    }
  }
  /** Make live again what was before, or what a deployment of that number served. */
  rollBack: {
    path: {
      lang: string
    }
    query: undefined
    body: {
      to?: number
    }
    answer: {
      number: number
      combination: string
      changed: boolean
      forced: ('ensure' | 'run' | 'repl' | 'runrepl' | 'scope' | 'format' | 'lsp')[]
    }
  }
  /** Releases of the agent, the newest first, and who runs under them. */
  listAgents: {
    path: undefined
    query: undefined
    body: undefined
    answer: {
      agents: {
        version: string
        digest: string
        size: number
        madeAt: string
        protocol?: number
        languages: string[]
      }[]
    }
  }
  /** Bases that images grow from, the newest first. */
  listBases: {
    path: undefined
    query: undefined
    body: undefined
    answer: {
      bases: {
        digest: string
        size: number
        madeAt: string
        distribution?: string
        release?: string
      }[]
    }
  }
  /** The newest builds. */
  listBuilds: {
    path: undefined
    query: {
      lang?: string
      live?: 'true' | 'false'
      max?: string
    }
    body: undefined
    answer: {
      builds: {
        id: string
        lang: string
        from: 'package' | 'image' | 'test'
        inputs: {
          config: string
          base: string
          agent: string
          package?: string
          image?: string
          refresh?: string
        }
        by: string
        requestedAt: string
        endedAt?: string
        outcome?: 'ok' | 'failed' | 'timeout' | 'infra' | 'cancelled' | 'superseded' | 'waiting'
        reason?: string
        steps: {
          step: 'package' | 'image' | 'test'
          state: 'blocked' | 'ready' | 'running' | 'done'
          attempts: number
          outcome?: 'ok' | 'failed' | 'timeout' | 'infra' | 'cancelled' | 'superseded' | 'waiting'
          artifact?: string
          skipped: boolean
        }[]
      }[]
    }
  }
  /** Ask for a build. The same inputs are the same build.. */
  requestBuild: {
    path: undefined
    query: undefined
    body: {
      lang: string
      from?: 'package' | 'image' | 'test'
      config?: string
      agent?: string
      refresh?: boolean
    }
    answer: {
      build: string
      how: 'new' | 'attached' | 'done'
    }
  }
  /** One build. */
  getBuild: {
    path: {
      build: string
    }
    query: undefined
    body: undefined
    answer: {
      id: string
      lang: string
      from: 'package' | 'image' | 'test'
      inputs: {
        config: string
        base: string
        agent: string
        package?: string
        image?: string
        refresh?: string
      }
      by: string
      requestedAt: string
      endedAt?: string
      outcome?: 'ok' | 'failed' | 'timeout' | 'infra' | 'cancelled' | 'superseded' | 'waiting'
      reason?: string
      steps: {
        step: 'package' | 'image' | 'test'
        state: 'blocked' | 'ready' | 'running' | 'done'
        attempts: number
        outcome?: 'ok' | 'failed' | 'timeout' | 'infra' | 'cancelled' | 'superseded' | 'waiting'
        artifact?: string
        skipped: boolean
      }[]
    }
  }
  /** Its log so far as text; with `Accept: text/event-stream` all of it as it comes, closed by an `end` event. */
  readLog: {
    path: {
      build: string
    }
    query: {
      from?: string
    }
    body: undefined
    answer: undefined
  }
  /** End a build that is at work; somebody else's as a maintainer. */
  cancelBuild: {
    path: {
      build: string
    }
    query: undefined
    body: undefined
    answer: {
      build: string
    }
  }
  /** Ask once more for one that did not go well. */
  retryBuild: {
    path: {
      build: string
    }
    query: undefined
    body: undefined
    answer: {
      build: string
      how: 'new' | 'attached' | 'done'
    }
  }
  /** Say how urgent it is; higher goes first. */
  prioritiseBuild: {
    path: {
      build: string
    }
    query: undefined
    body: {
      priority: number
    }
    answer: {
      build: string
      priority: number
    }
  }
  /** Who you are, and what a token may. */
  whoAmI: {
    path: undefined
    query: undefined
    body: undefined
    answer: {
      id: string
      name: string
      role: 'visitor' | 'contributor' | 'maintainer' | 'admin'
      scopes?: ('build' | 'deploy' | 'admin')[]
    }
  }
  /** Your tokens, the newest first; never their secrets. */
  listTokens: {
    path: undefined
    query: undefined
    body: undefined
    answer: {
      tokens: {
        id: string
        name: string
        scopes: ('build' | 'deploy' | 'admin')[]
        createdAt: string
        expiresAt: string
        revokedAt?: string
        usedAt?: string
      }[]
    }
  }
  /** Make a token. Its secret is shown this once. */
  makeToken: {
    path: undefined
    query: undefined
    body: {
      name: string
      scopes: ('build' | 'deploy' | 'admin')[]
      days: number
    }
    answer: {
      secret: string
      token: {
        id: string
        name: string
        scopes: ('build' | 'deploy' | 'admin')[]
        createdAt: string
        expiresAt: string
        revokedAt?: string
        usedAt?: string
      }
    }
  }
  /** Revoke a token of yours, at once. */
  revokeToken: {
    path: {
      token: string
    }
    query: undefined
    body: undefined
    answer: undefined
  }
  /** Everybody who has signed in. */
  listPeople: {
    path: undefined
    query: undefined
    body: undefined
    answer: {
      people: {
        id: string
        name: string
        role: 'visitor' | 'contributor' | 'maintainer' | 'admin'
        createdAt: string
      }[]
    }
  }
  /** Give somebody a role; they have to sign in again. */
  changeRole: {
    path: {
      person: string
    }
    query: undefined
    body: {
      role: 'visitor' | 'contributor' | 'maintainer' | 'admin'
    }
    answer: {
      id: string
      name: string
      role: 'visitor' | 'contributor' | 'maintainer' | 'admin'
    }
  }
  /** Who did what, the newest first. */
  readAudit: {
    path: undefined
    query: {
      subject?: string
      before?: string
      max?: string
    }
    body: undefined
    answer: {
      events: {
        id: string
        at: string
        actor: string
        action: string
        subject: string
        facts: Record<string, unknown>
      }[]
    }
  }
}
