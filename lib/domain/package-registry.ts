/** Where recipes get what is no package of the distribution. */
export const REGISTRY_KINDS = ['npm', 'pip', 'gem', 'cpan', 'cargo', 'opam'] as const
export type RegistryKind = (typeof REGISTRY_KINDS)[number]
