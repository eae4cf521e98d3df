import type { Kind } from './kinds.ts'
import type { Machine } from './machine.ts'

/** One option. Without a default it may be absent. */
export type Option<T> = {
  readonly env: string
  readonly flag: string
  readonly kind: Kind<T>
  /** As somebody would write it. */
  readonly default?: (machine: Machine) => string
  /** How the default is found, where it is no fixed one. */
  readonly defaultWords?: string
  readonly sentence: string
}
export type OptionWithDefault<T> = Option<T> & { readonly default: (machine: Machine) => string }

export function fixed<T>(flag: string, kind: Kind<T>, value: string, sentence: string, env = envOf(flag)): OptionWithDefault<T> {
  return { env, flag: `--${flag}`, kind, default: () => value, sentence }
}

export function derived<T>(
  flag: string,
  kind: Kind<T>,
  value: (machine: Machine) => number,
  defaultWords: string,
  sentence: string,
): OptionWithDefault<T> {
  return { env: envOf(flag), flag: `--${flag}`, kind, default: (machine) => String(value(machine)), defaultWords, sentence }
}

export function optional<T>(flag: string, kind: Kind<T>, sentence: string, env = envOf(flag)): Option<T> {
  return { env, flag: `--${flag}`, kind, sentence }
}

function envOf(flag: string): string {
  return `DRAGOMAN_${flag.toUpperCase().replaceAll('-', '_')}`
}
