import type { PrismaClient } from '../../../prisma/generated/client.ts'

/** The tables, and how each piece of work on them is given a time limit and a name for when it fails. */
export type Calls = {
  readonly db: PrismaClient
  readonly call: <T>(what: string, work: PromiseLike<T>) => Promise<T>
}

/** Waiting for a free connection, connecting and the query each have a time limit of their own; this one is for them all. */
export async function within<T>(what: string, work: PromiseLike<T>, timeoutMs: number): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(() => late.reject(new Error(`No answer in ${timeoutMs} ms`)), timeoutMs)
  try {
    return await Promise.race([work, late.promise])
  } catch (error) {
    throw new Error(`Cannot ${what} in the database`, { cause: error })
  } finally {
    clearTimeout(timer)
  }
}
