import { githubSignIn } from '../adapters/next-auth/github.ts'
import type { Log } from '../application/ports/log.ts'
import type { SignInProvider } from '../application/ports/sign-in-provider.ts'
import type { Config } from '../config/options.ts'

/** By whose word people sign in; nobody's unless GitHub knows us, and we know where people reach us. */
export function signInBy(config: Config, log: Log): SignInProvider | undefined {
  const { githubClientId: clientId, githubClientSecret: clientSecret, publicUrl: site, githubUrl, githubApiUrl } = config
  if (clientId === undefined && clientSecret === undefined) return undefined
  if (clientId !== undefined && clientSecret !== undefined && site !== undefined) {
    return githubSignIn({ clientId, clientSecret, site, github: githubUrl, githubApi: githubApiUrl, log })
  }
  log.warn('nobody signs in by GitHub', { why: 'it takes DRAGOMAN_GITHUB_CLIENT_ID, _CLIENT_SECRET and DRAGOMAN_PUBLIC_URL' })
  return undefined
}
