import { z } from 'zod'

/** How an option's text becomes its value, and what the text must be, for a sentence that begins with "must be". */
export type Kind<T> = { readonly schema: z.ZodType<T, string>; readonly form: string; readonly isSecret?: boolean }

export const whole = (min: number, max: number): Kind<number> => ({
  schema: z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
    .pipe(z.int().min(min).max(max)),
  form: `a whole number from ${min} to ${max}`,
})

const TEXT_MAX = 4096
export const text = (form: string): Kind<string> => ({ schema: z.string().max(TEXT_MAX), form })

export const oneOf = <const Words extends readonly [string, ...string[]]>(words: Words): Kind<Words[number]> => ({
  schema: z.enum(words) as z.ZodType<Words[number], string>,
  form: `one of ${words.join(', ')}`,
})

export const yesNo: Kind<boolean> = {
  schema: z.enum(['true', 'false', '1', '0']).transform((word) => word === 'true' || word === '1'),
  form: 'true or false',
}

const LIST_MAX = 256
const items = (list: string) => list.split(',').map((item) => item.trim())
const list = (item: z.ZodType<string, string>, form: string): Kind<readonly string[]> => ({
  // Only nothing at all is an empty list: a comma too many is more often a slip than a wish.
  schema: z
    .string()
    .transform((whole) => (whole.trim() === '' ? [] : items(whole)))
    .pipe(z.array(item).max(LIST_MAX)),
  form: `${form}, separated by commas`,
})

export const langIds = list(z.string().regex(/^[a-z0-9+]{1,40}$/), 'ids of languages')
export const origins = list(
  z.string().refine((origin) => /^https?:/.test(origin) && URL.parse(origin)?.origin === origin),
  'origins such as https://example.org',
)

/** A database's address holds a password, so no message repeats it. */
export const databaseAddress: Kind<string> = {
  schema: z
    .string()
    .max(TEXT_MAX)
    .refine((address) => /^postgres(ql)?:\/\//.test(address) && URL.canParse(address)),
  form: 'an address such as postgresql://user:password@host:5432/name',
  isSecret: true,
}

export const secretText: Kind<string> = { schema: z.string().min(1).max(TEXT_MAX), form: 'a secret', isSecret: true }

export const githubIds = list(z.string().regex(/^\d{1,20}$/), 'numbers that GitHub has for people')

export const bucketName: Kind<string> = {
  schema: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  form: 'the name of a bucket',
}

export const releaseName: Kind<string> = {
  schema: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/),
  form: 'the name of a release such as bookworm',
}

export const kubernetesName: Kind<string> = {
  schema: z.string().regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/),
  form: 'a name such as dragoman-sessions',
}

const HOST_AND_PORT = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:\d{1,5})?$/
export const hostAndPort: Kind<string> = {
  schema: z.string().regex(HOST_AND_PORT),
  form: 'a host such as registry.example.org:5000',
}

export const replicaName: Kind<string> = {
  schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/),
  form: 'a name such as server-1',
}

const isOrigin = (text: string, mayHaveUser: boolean) => {
  const url = URL.parse(text)
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.hash) return false
  return mayHaveUser || (url.username === '' && url.password === '')
}
export const httpAddress: Kind<string> = {
  schema: z.string().refine((text) => isOrigin(text, false)),
  form: 'an address such as https://example.org:9000',
}
const isPlainAddress = (text: string) => {
  const url = URL.parse(text)
  return url !== null && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash
}
export const webAddress: Kind<string> = {
  schema: z.string().refine((text) => isPlainAddress(text) && !text.endsWith('/')),
  form: 'an address such as https://example.org/api, without a slash at its end',
}
export const packageRegistry = list(z.string().refine(isPlainAddress), 'addresses such as https://example.org/simple/')

export const registryAddress: Kind<string> = {
  schema: z.string().refine((text) => isOrigin(text, true)),
  form: 'an address such as https://user:password@example.org:5000',
  isSecret: true,
}
