import type { RegistryKind } from '#lib/domain/package-registry.ts'

/** One recipe's way out. */
export type RegistryProxy = {
  /** A unix socket that speaks HTTP as proxies do. */
  readonly socketPath: string
  /** Settings by which package managers find their registry, and whom they trust. */
  readonly env: Readonly<Record<string, string>>
  /** Why a registry that was asked for could not be reached; undefined when all could. */
  fault(): string | undefined
  close(): Promise<void>
}

/** Where the recipe has what it is told of. */
export type ProxyPlace = {
  /** The address at which it finds the proxy. */
  readonly url: string
  /** A file of those whom this machine trusts. */
  readonly certificates: string
  readonly signal: AbortSignal
  /** Told of each host that was refused. */
  log(text: string): void
}

/** Proxies that lead to the configured package registries, and nowhere else. */
export interface RegistryProxies {
  open(kinds: readonly RegistryKind[], place: ProxyPlace): Promise<RegistryProxy>
}
