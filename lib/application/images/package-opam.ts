import type { LangConfig } from '#lib/domain/lang-config.ts'
import { quoted } from './shell-words.ts'

type Entry = NonNullable<NonNullable<LangConfig['install']>['opam']>[number]

/** A package's name, perhaps with a version behind the first point. opam would take other words for folders. */
const NAME = /^([A-Za-z0-9_+-]+)(?:\.[A-Za-z0-9._+~-]+)?$/
/** Only the build has it: a program that is compiled needs nothing of it. */
const ROOT = '/opt/opam'
/** A source that is fetched by Git, which opam is only recommended to have. */
const BY_GIT = /^git[+@:]|\.git(?:#|$)/

/**
 * By Debian's opam and its OCaml: a switch of the compiler that is there compiles none. The recipe is the sandbox, so opam needs
 * none of its own; and what packages would want from Debian is named by the config, not by them. A recipe that was run before, in the
 * same root, may have begun already.
 */
const BEGIN = `
export OPAMROOT=${ROOT} OPAMROOTISOK=1 OPAMYES=1 OPAMNODEPEXTS=1 OPAMCOLOR=never OPAMSTATUSLINE=never
if [ ! -d ${ROOT} ]; then
  opam init --bare --disable-sandboxing --no-setup --no-opamrc default "$REGISTRY_OPAM"
  opam switch create default ocaml-system
fi`

/** All of what is installed is there for the recipe's own shell, in its path and for OCaml. */
export const preparedByOpam = (entries: readonly Entry[]) =>
  section(entries, ['eval "$(opam env --switch=default --set-switch)"'])

/** Of what is installed the package has the programs that are named, and no more. */
export const byOpam = (entries: readonly Entry[]) =>
  section(
    entries,
    entries
      .flatMap(binariesOf)
      .map((name) => `install -D -m 755 -- ${ROOT}/default/bin/${quoted(name)} "$pkg/usr/local/bin/"${quoted(name)}`),
  )

/** The first entry, if any, that opam would take for something else than a package's name. */
export const oddOpamName = (entries: readonly Entry[]): string | undefined => entries.map(nameOf).find((name) => !NAME.test(name))

function section(entries: readonly Entry[], then: readonly string[]) {
  const sources = entries.flatMap((entry) =>
    typeof entry === 'string' || entry.source === undefined ? [] : [{ name: entry.name, source: entry.source }],
  )
  return {
    shell: [
      BEGIN,
      ...sources.map(({ name, source }) => `opam pin add --no-action -- ${quoted(name)} ${quoted(source)}`),
      `opam install -- ${entries.map(nameOf).map(quoted).join(' ')}`,
      ...then,
    ].join('\n'),
    buildApt: ['opam', 'ocaml', ...(sources.some(({ source }) => BY_GIT.test(source)) ? ['git'] : [])],
    registry: 'opam' as const,
  }
}

const nameOf = (entry: Entry) => (typeof entry === 'string' ? entry : entry.name)

const binariesOf = (entry: Entry) => (typeof entry === 'string' ? [entry.replace(NAME, '$1')] : entry.binaries)
