import { execFile } from 'node:child_process'
import { homedir } from 'node:os'
import { promisify } from 'node:util'

import { REGISTRY_KINDS, type RegistryKind } from '#lib/domain/package-registry.ts'

/** Of each kind the registry's address and then further origins that it leads to; `npm` is this machine's own where it is not said. */
export type RegistryAddresses = { readonly [Kind in RegistryKind]: readonly string[] | undefined }

/** What is reached where nobody said otherwise. Of these none may turn out to be a machine of a private network. */
export const PUBLIC_REGISTRIES = {
  npm: ['https://registry.npmjs.org/'],
  pip: ['https://pypi.org/simple/', 'https://files.pythonhosted.org'],
  gem: ['https://rubygems.org/', 'https://index.rubygems.org'],
  cpan: ['https://www.cpan.org/'],
  cargo: ['https://index.crates.io/', 'https://static.crates.io'],
  opam: ['https://opam.ocaml.org/'],
} as const satisfies RegistryAddresses

export type Registry = { readonly kind: RegistryKind; readonly addresses: readonly URL[]; readonly mayBePrivate: boolean }

export async function registriesOf(wanted: Partial<RegistryAddresses>, kinds: readonly RegistryKind[]): Promise<Registry[]> {
  const sorted = REGISTRY_KINDS.filter((kind) => kinds.includes(kind))
  return Promise.all(
    sorted.map(async (kind) => {
      const said = wanted[kind] ?? (kind === 'npm' ? await ownNpmRegistry() : undefined)
      const addresses = (said ?? PUBLIC_REGISTRIES[kind]).map(withoutCredentials)
      return { kind, addresses, mayBePrivate: said !== undefined }
    }),
  )
}

const NPM_MS_MAX = 10_000

/** The registry that this machine's npm is set to. */
async function ownNpmRegistry(): Promise<readonly string[] | undefined> {
  try {
    const { stdout } = await promisify(execFile)('npm', ['config', 'get', 'registry'], { cwd: homedir(), timeout: NPM_MS_MAX })
    return /^https?:/.test(stdout) && URL.canParse(stdout.trim()) ? [stdout.trim()] : undefined
  } catch {
    return undefined
  }
}

/** A recipe is foreign code: it is told where to ask, and nothing by which to be somebody there. */
function withoutCredentials(address: string): URL {
  const url = new URL(address)
  url.username = ''
  url.password = ''
  return url
}

/** How package managers are told of proxy, registries and certificates. */
export function registryEnv(registries: readonly Registry[], proxyUrl: string, certificates: string): Record<string, string> {
  const first = (wanted: RegistryKind) => registries.find(({ kind }) => kind === wanted)?.addresses[0]
  const registryOf = (kind: RegistryKind, name: string, value = (url: URL) => url.href) => {
    const url = first(kind)
    return url ? { [name]: value(url) } : {}
  }
  return {
    ...Object.fromEntries(
      ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY'].map((name): [string, string] => [name, proxyUrl]),
    ),
    SSL_CERT_FILE: certificates,
    CURL_CA_BUNDLE: certificates,
    GIT_SSL_CAINFO: certificates,
    NODE_EXTRA_CA_CERTS: certificates,
    PIP_CERT: certificates,
    CARGO_HTTP_CAINFO: certificates,
    ...registryOf('npm', 'npm_config_registry'),
    ...registryOf('pip', 'PIP_INDEX_URL'),
    ...registryOf('pip', 'PIP_TRUSTED_HOST', (url) => (url.protocol === 'http:' ? url.host : '')),
    ...registryOf('gem', 'REGISTRY_GEM'),
    ...registryOf('cpan', 'REGISTRY_CPAN'),
    ...registryOf('cargo', 'REGISTRY_CARGO'),
    ...registryOf('opam', 'REGISTRY_OPAM'),
  }
}
