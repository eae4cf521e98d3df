import { expect, test } from 'vitest'

import { linesFor, parseAptSources, publicSources } from './apt-sources.ts'

const PARAGRAPHS = `Types: deb
# http://old.example/debian
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/archive.gpg

Types: deb deb-src
URIs: http://mirror.example/security
Suites: bookworm-security
Components: main

Types: deb
URIs: http://disabled.example/debian
Suites: bookworm
Components: main
Enabled: no
`
const LINES = `# deb http://old.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/apt/keyrings/x.gpg] http://mirror.example/ubuntu noble main universe # the archive
deb-src http://mirror.example/ubuntu noble main
deb http://tools.example/apt tools-noble main
deb http://node.example/node nodistro main
`

test('paragraphs and lines are read alike; what is switched off is not', () => {
  expect(parseAptSources(PARAGRAPHS).map(({ uri }) => uri)).toEqual([
    'http://mirror.example/debian',
    'http://mirror.example/security',
  ])
  expect(parseAptSources(LINES)[0]).toEqual({
    uri: 'http://mirror.example/ubuntu',
    suites: ['noble'],
    components: ['main', 'universe'],
    signedBy: '/etc/apt/keyrings/x.gpg',
  })
})

test('a release comes from where the machine has its own, with its updates and fixes, and from nobody else', () => {
  const sources = parseAptSources(PARAGRAPHS)
  expect(linesFor('bookworm', 'bookworm', sources)).toEqual([
    'deb [signed-by=/usr/share/keyrings/archive.gpg] http://mirror.example/debian bookworm main',
    'deb [signed-by=/usr/share/keyrings/archive.gpg] http://mirror.example/debian bookworm-updates main',
    'deb http://mirror.example/security bookworm-security main',
  ])
  expect(linesFor('noble', 'noble', parseAptSources(LINES))).toEqual([
    'deb [signed-by=/etc/apt/keyrings/x.gpg] http://mirror.example/ubuntu noble main',
  ])
})

test('another release of the distribution is beside it', () => {
  expect(linesFor('trixie', 'bookworm', parseAptSources(PARAGRAPHS))[2]).toBe(
    'deb http://mirror.example/security trixie-security main',
  )
})

test('a machine without an archive has no lines', () => {
  expect(linesFor('bookworm', 'bookworm', parseAptSources(''))).toEqual([])
})

test("a Debian that names no archive has Debian's own, and another system none", () => {
  const signed = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]'
  expect(linesFor('bookworm', 'bookworm', publicSources('debian', 'bookworm'))).toEqual([
    `deb ${signed} http://deb.debian.org/debian bookworm main`,
    `deb ${signed} http://deb.debian.org/debian bookworm-updates main`,
    `deb ${signed} http://deb.debian.org/debian-security bookworm-security main`,
  ])
  expect(publicSources('ubuntu', 'noble')).toEqual([])
})
