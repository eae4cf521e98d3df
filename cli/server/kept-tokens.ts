import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'

type Env = Readonly<Record<string, string | undefined>>

/** Of a person, not of a checkout; readable by them alone. */
const file = (env: Env) => join(env['XDG_CONFIG_HOME'] || join(env['HOME'] || homedir(), '.config'), 'dragoman', 'tokens.json')

/** The token for a server: of `DRAGOMAN_TOKEN`, else what `dragoman login` kept for that very origin. */
export function tokenFor(server: string, env: Env = process.env): string | undefined {
  return env['DRAGOMAN_TOKEN'] || keptTokens(env)[new URL(server).origin]
}

export function keepToken(server: string, token: string, env: Env = process.env): string {
  const path = file(env)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const kept = { ...keptTokens(env), [new URL(server).origin]: token }
  writeFileSync(`${path}.new`, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return path
}

function keptTokens(env: Env): Readonly<Record<string, string>> {
  try {
    const kept: unknown = JSON.parse(readFileSync(file(env), 'utf8'))
    return typeof kept === 'object' && kept !== null ? (kept as Record<string, string>) : {} // as we wrote it
  } catch {
    return {}
  }
}
