import { githubIds, httpAddress, secretText, text, webAddress } from './kinds.ts'
import { fixed, optional } from './option.ts'

/** Options of signing in. */
export const PEOPLE_OPTIONS = {
  publicUrl: optional(
    'public-url',
    httpAddress,
    'Where people reach this server. Signing in by GitHub needs it; with https, cookies are for TLS alone.',
  ),
  githubClientId: optional(
    'github-client-id',
    text('an id'),
    'Of the OAuth app by which people sign in with GitHub; see docs/people.md.',
  ),
  githubClientSecret: optional('github-client-secret', secretText, 'Its secret.'),
  githubAdmins: fixed('github-admins', githubIds, '', 'Whoever signs in with GitHub under one of these is an admin.'),
  githubUrl: fixed('github-url', webAddress, 'https://github.com', 'Where GitHub is, when it is one of your own.'),
  githubApiUrl: fixed('github-api-url', webAddress, 'https://api.github.com', 'Where its API is.'),
} as const
