/** Versions by name. */
export type PackageVersions = Readonly<Record<string, string>>
export type PackageChange = { readonly name: string; readonly was?: string; readonly is?: string }

/** What came, went, or has another version, by name. */
export function diffPackages(was: PackageVersions, is: PackageVersions): readonly PackageChange[] {
  const names = new Set([...Object.keys(was), ...Object.keys(is)])
  return [...names].toSorted().flatMap((name) => {
    const before = Object.hasOwn(was, name) ? was[name] : undefined
    const after = Object.hasOwn(is, name) ? is[name] : undefined
    if (before === after) return []
    return [{ name, ...(before !== undefined && { was: before }), ...(after !== undefined && { is: after }) }]
  })
}
