import type { LangConfig } from '#lib/domain/lang-config.ts'
import type { RegistryKind } from '#lib/domain/package-registry.ts'
import { err, ok, type Result } from '#lib/domain/result.ts'
import { NPM_PROGRAM } from './npm-program.ts'
import { type Unsupported, unsupported } from './package-depends.ts'
import { byOpam, oddOpamName, preparedByOpam } from './package-opam.ts'
import { quoted, quotedPattern } from './shell-words.ts'

type Install = NonNullable<LangConfig['install']>
type NpmEntries = NonNullable<Install['npm']>

/** What one field of a recipe asks for. */
type Section = {
  readonly shell: string
  readonly files?: Readonly<Record<string, string>>
  readonly buildApt?: readonly string[]
  readonly depends?: readonly string[]
  readonly registry?: RegistryKind
  readonly withTools?: boolean
}

const FILES = '/run/recipe'
/** Where sandboxes look for what is no package of the distribution; see cli/setup/language-tools.ts. */
const TOOLS = '/opt/dragoman'
const PREPARED = '/opt/prepared'

/**
 * The fields of a recipe in their order, as shell. A name is only ever a quoted word of it; text that is shell, or that becomes a
 * file, is given as a file and never stands in it.
 */
export function sectionsOf(install: Install): Result<
  {
    readonly parts: readonly string[]
    readonly files: Readonly<Record<string, string>>
    readonly buildApt: readonly string[]
    readonly depends: readonly string[]
    readonly registries: readonly RegistryKind[]
    readonly withTools: boolean
  },
  Unsupported
> {
  const { prepare } = install
  const made: readonly Section[] = [
    bash('prepare-preface', prepare?.preface),
    prepare?.npm && npm(prepare.npm, 'prepare', PREPARED, PREPARED),
    prepare?.opam && preparedByOpam(prepare.opam),
    bash('prepare-manual', prepare?.manual),
    bash('preface', install.preface),
    install.npm && npm(install.npm, 'install', `/pkg${TOOLS}`, TOOLS),
    install.pip && pip(install.pip),
    install.gem && gem(install.gem),
    install.cpan && cpan(install.cpan),
    install.cargo && cargo(install.cargo),
    install.opam && byOpam(install.opam),
    install.deb && debs(install.deb),
    install.files && files(install.files),
    install.scripts && scripts(install.scripts),
    bash('manual', install.manual),
  ].filter((section) => section !== undefined)
  const odd =
    (install.pip ?? []).find((name) => name.includes('://')) ?? oddOpamName([...(prepare?.opam ?? []), ...(install.opam ?? [])])
  if (odd !== undefined) return err(unsupported(`"${odd}" is no name in a registry`))
  return ok({
    parts: made.map(({ shell }) => shell),
    files: Object.assign({}, ...made.map((section) => section.files ?? {})) as Record<string, string>,
    buildApt: made.flatMap((section) => section.buildApt ?? []),
    depends: made.flatMap((section) => section.depends ?? []),
    registries: [...new Set(made.flatMap(({ registry }) => registry ?? []))],
    withTools: made.some((section) => section.withTools === true),
  })
}

/** Shell of the config's own, by Bash, as it was written for. */
function bash(name: string, text: string | undefined): Section | undefined {
  return text === undefined ? undefined : { shell: `bash -eu ${FILES}/${name}`, files: { [name]: `${text}\n` } }
}

/** By the Node and npm that are given, from the versions that the tools' own lock file has, without anybody's install scripts. */
function npm(entries: NpmEntries, name: string, target: string, lives: string): Section {
  const wanted = entries.map((entry) => (typeof entry === 'string' ? entry : `${entry.name}@${entry.arg}`))
  return {
    shell: [
      `/run/tools/bin/node ${FILES}/npm.mjs ${target} ${lives} ${FILES}/npm-${name}.json`,
      ...(lives === PREPARED ? [`export PATH=${PREPARED}/bin:$PATH`] : []),
    ].join('\n'),
    files: { 'npm.mjs': NPM_PROGRAM, [`npm-${name}.json`]: JSON.stringify(wanted) },
    depends: lives === PREPARED ? [] : ['libstdc++6'],
    registry: 'npm',
    withTools: true,
  }
}

/** Beside the distribution's own packages, which Python is told by a path file. */
function pip(names: readonly string[]): Section {
  const options = '--no-compile --no-cache-dir --no-input --disable-pip-version-check --quiet'
  return {
    shell: `
PIP_ROOT_USER_ACTION=ignore python3 -m pip install ${options} --target "$pkg${TOOLS}/pip" ${names.map(quoted).join(' ')}
mkdir -p "$pkg/usr/lib/python3/dist-packages" "$pkg${TOOLS}/bin"
echo ${TOOLS}/pip > "$pkg/usr/lib/python3/dist-packages/dragoman.pth"
for program in "$pkg${TOOLS}"/pip/bin/*; do
  if [ -f "$program" ]; then ln -s "../pip/bin/\${program##*/}" "$pkg${TOOLS}/bin/"; fi
done`,
    buildApt: ['python3-pip'],
    depends: ['python3'],
    registry: 'pip',
  }
}

function gem(names: readonly string[]): Section {
  return {
    shell: `
gems=$(ruby -e 'print Gem.default_dir')
mkdir -p "$pkg$gems" "$pkg/usr/local/bin"
gem install --no-document --clear-sources --source "$REGISTRY_GEM" --install-dir "$pkg$gems" --bindir "$pkg/usr/local/bin" ${names.map(quoted).join(' ')}
rm -rf "$pkg$gems/cache"`,
    buildApt: ['ruby'],
    depends: ['ruby'],
    registry: 'gem',
  }
}

/** Into the site's folders, which Perl knows; what tells of the day of building is left out. */
function cpan(names: readonly string[]): Section {
  return {
    shell: `
(
  export PERL_MM_OPT="DESTDIR=$pkg INSTALLDIRS=site" PERL_MB_OPT="--destdir $pkg --installdirs site" PERL_CPANM_HOME=/tmp/cpanm
  eval "$(perl -MConfig -e 'print "export PERL5LIB=$ENV{pkg}$Config{sitearch}:$ENV{pkg}$Config{sitelib}"')"
  cpanm --quiet --notest --no-man-pages --mirror-only --mirror "$REGISTRY_CPAN" ${names.map(quoted).join(' ')} || { cat /tmp/cpanm/build.log; exit 1; }
)
find "$pkg" -type f \\( -name perllocal.pod -o -name .packlist \\) -delete`,
    buildApt: ['cpanminus', 'curl', 'make', 'perl'],
    depends: ['perl'],
    registry: 'cpan',
  }
}

/** An index of files, one for each crate, which older releases of cargo have to be asked for. */
function cargo(names: readonly string[]): Section {
  return {
    shell: `
export CARGO_HOME=/tmp/cargo RUSTC_BOOTSTRAP=1
mkdir -p "$CARGO_HOME"
printf '[source.crates-io]\\nreplace-with = "here"\\n[source.here]\\nregistry = "sparse+%s"\\n' "$REGISTRY_CARGO" > "$CARGO_HOME/config.toml"
cargo install -Z sparse-registry --root "$pkg/usr/local" ${names.map(quoted).join(' ')}
rm -f "$pkg/usr/local/.crates.toml" "$pkg/usr/local/.crates2.json"`,
    buildApt: ['cargo', 'gcc', 'libc6-dev'],
    depends: ['libgcc-s1'],
    registry: 'cargo',
  }
}

/** What the recipe's own shell made or unpacked. */
function debs(patterns: readonly string[]): Section {
  return {
    shell: `for deb in ${patterns.map(quotedPattern).join(' ')}; do dpkg-deb --extract "$deb" "$pkg"; done`,
  }
}

function files(texts: Readonly<Record<string, string>>): Section {
  return place('file', '644', '', texts)
}

function scripts(texts: Readonly<Record<string, string>>): Section {
  return place('program', '755', 'usr/local/bin/', texts)
}

function place(kind: string, mode: string, below: string, texts: Readonly<Record<string, string>>): Section {
  const given = Object.entries(texts).map(([path, text], n) => ({
    to: `${below}${path.replace(/^\//, '')}`,
    text,
    name: `${kind}-${n}`,
  }))
  return {
    shell: given.map(({ to, name }) => `install -D -m ${mode} -- ${FILES}/${name} "$pkg"/${quoted(to)}`).join('\n'),
    files: Object.fromEntries(given.map(({ name, text }) => [name, text])),
  }
}
