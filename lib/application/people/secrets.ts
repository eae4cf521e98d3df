import { createHash } from 'node:crypto'

import type { People, SecretHash } from '#lib/application/ports/people.ts'
import type { Random } from '#lib/application/ports/time.ts'

export type PeopleWorld = { readonly people: People; readonly random: Random }

/** 256 bits: nobody guesses one, so a plain hash of it is enough. */
const SECRET_BYTES = 32
/** By this a token is told from other text, in a log or a repository that it should not be in. */
export const TOKEN_PREFIX = 'drg_'

export const newSecret = (random: Random): string => random.hex(SECRET_BYTES)
export const newTokenSecret = (random: Random): string => TOKEN_PREFIX + newSecret(random)
export const newAuditId = (random: Random): string => random.hex(16)
export const hashOf = (secret: string): SecretHash => createHash('sha256').update(secret).digest('hex')

const SECRET = /^[0-9a-f]{64}$/
const TOKEN = /^drg_[0-9a-f]{64}$/
export const isSecret = (text: string): boolean => SECRET.test(text)
export const isTokenSecret = (text: string): boolean => TOKEN.test(text)

/** What a page of a login has to say with whatever it changes. Known to who knows the login, and says nothing about it. */
export const csrfOf = (login: string): string => hashOf(`csrf ${login}`)
