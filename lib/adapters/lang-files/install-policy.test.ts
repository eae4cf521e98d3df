import { expect, test } from 'vitest'

import { checkConfig } from './check-config.ts'

const told = (install: string) => {
  const { config, problems } = checkConfig(
    'toy.yaml',
    `id: toy\nname: Toy\nmain: main.toy\ntemplate: hello\nrun: toy main.toy\ninstall:\n${install}`,
  )
  expect(config).toBeDefined() // none of it keeps a language out
  return problems.map(({ severity, line, column, field, message }) => `${line}:${column} ${severity} ${field}: ${message}`)
}

test.each([
  [
    'a download',
    '  manual: |\n    curl -fsSL https://x.org/toy.tar.gz | tar xz -C "${pkg}"\n',
    '7:11 warning install.manual: fetches',
  ],
  ['a clone', '  prepare:\n    manual: git clone https://x.org/toy\n', '8:13 warning install.prepare.manual: fetches'],
  ['the latest of a package', '  npm: [toy@1.2.3, toy-tools@latest]\n', '7:20 warning install.npm.1: is not pinned'],
  [
    'a branch',
    '  opam: [{name: toy, source: "git+https://x.org/toy#main", binaries: [toy]}]\n',
    '7:30 warning install.opam.0.source: is not pinned',
  ],
  ['a private address', '  cert: ["http://10.1.2.3/ca.pem"]\n', '7:10 warning install.cert.0: names the private host 10.1.2.3'],
  [
    'metadata of a cloud',
    '  cert: ["http://169.254.169.254/x"]\n',
    '7:10 warning install.cert.0: names the private host 169.254.169.254',
  ],
  [
    'a host of one’s own',
    '  aptRepo: ["deb http://apt.internal/ x y"]\n',
    '7:13 warning install.aptRepo.0: names the private host apt.internal',
  ],
  ['the builder itself', '  cert: ["http://[::1]:8080/x"]\n', '7:10 warning install.cert.0: names the private host [::1]'],
])('%s is warned of, with its place', (_, install, problem) => {
  expect(told(install)[0]).toContain(problem)
})

test.each([
  ['a download that is checked', '  manual: |\n    curl -fsSLO https://x.org/toy\n    echo "abc  toy" | sha256sum -c\n'],
  ['a version', '  npm: [toy@1.2.3]\n'],
  ['a package of Debian', '  apt: [toy]\n'],
  ['a commit', `  opam: [{name: toy, source: "git+https://x.org/toy#${'a'.repeat(40)}", binaries: [toy]}]\n`],
  ['a public host', '  cert: ["https://10.example.org/ca.pem"]\n'],
  ['a file that talks about it', '  files: {/opt/toy/README: "curl http://localhost/"}\n'],
])('%s is not', (_, install) => {
  expect(told(install)).toEqual([])
})
