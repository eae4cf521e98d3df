import { z } from 'zod'

import { command, link, list, plainName, relativePath, someText, text, words } from './lang-fields.ts'

const says = <T extends z.ZodType>(schema: T, sentence: string) => schema.describe(sentence)

const sources = {
  preface: says(command(), 'Shell before anything else').optional(),
  cert: says(list(link()), 'Certificates to trust while installing').optional(),
  aptKey: says(list(words()), 'Keys of package sources: links or key ids').optional(),
  aptRepo: says(list(words()), 'Package sources, as lines of sources.list').optional(),
  apt: says(list(aptName()), 'Debian packages').optional(),
}

const npmEntry = z.union([plainName(), z.strictObject({ name: plainName(), arg: words() })], {
  error: 'must be a name or {name, arg}',
})
const opamEntry = z.union(
  [plainName(), z.strictObject({ name: plainName(), source: words().optional(), binaries: list(plainName()) })],
  { error: 'must be a name or {name, source, binaries}' },
)

const prepare = z.strictObject({
  ...sources,
  npm: says(list(npmEntry), 'npm packages').optional(),
  opam: says(list(opamEntry), 'opam packages').optional(),
  manual: says(command(), 'Shell of its own').optional(),
})

/** How a language's package is built. */
export const langInstall = z.strictObject({
  prepare: says(prepare, 'What only the build needs').optional(),
  ...sources,
  npm: says(list(npmEntry), 'npm packages').optional(),
  pip: says(list(plainName()), 'Python packages').optional(),
  gem: says(list(plainName()), 'Ruby gems').optional(),
  cpan: says(list(plainName()), 'Perl modules').optional(),
  cargo: says(list(plainName()), 'Rust programs').optional(),
  opam: says(list(opamEntry), 'opam packages').optional(),
  deb: says(list(words().regex(/\.deb$/, 'must end in .deb')), 'Package files to unpack').optional(),
  riju: says(list(sharedId()), 'Shared packages: ids of `shared/<id>.yaml`').optional(),
  files: says(z.record(absoluteOrRelative(), text()), 'Files to add: path and text').optional(),
  scripts: says(z.record(plainName(), someText()), 'Executables to add: name and text').optional(),
  manual: says(command(), 'Shell that installs below ${pkg}').optional(),
  manualInstall: says(command(), 'Shell that runs while the image is made').optional(),
  depends: says(
    z.strictObject({
      strip: says(list(plainName()), 'To drop').optional(),
      unpin: says(list(plainName()), 'To take at any version').optional(),
    }),
    'What to change in the dependencies that were found',
  ).optional(),
  disallowCI: says(z.boolean(), 'Whether unattended builds leave it out').optional(),
})

/** A recipe that languages share, in a file of its own. */
export const sharedConfig = z.strictObject({
  id: says(sharedId(), 'What `install.riju` calls it, and names the file'),
  install: says(langInstall, 'How it is built'),
})

function sharedId() {
  return words(40).regex(/^[a-z0-9][a-z0-9+._-]*$/, 'must be an id of lower-case letters, digits, "+", "-", "." and "_"')
}

/** A package's name, perhaps with a version, or `$(…)`: shell that finds the name while the package is built, never here. */
function aptName() {
  return words().regex(/^(?:[A-Za-z0-9][A-Za-z0-9.+:~=_/*-]*|\$\(.*\))$/, 'must be the name of a package')
}

function absoluteOrRelative() {
  return words(200).refine((path) => relativePath().safeParse(path.replace(/^\//, '')).success, 'must be a path without ".."')
}
