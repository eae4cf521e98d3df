import { existsSync, globSync } from 'node:fs'
import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { installDebian, missingPackages } from '../../cli/setup/debian.ts'
import { mustRun, tool } from '../../cli/setup/tool.ts'
import type { Places } from './places.ts'

const PACKAGES = [
  ...['containerd', 'runc', 'containernetworking-plugins', 'etcd-server', 'iptables', 'iproute2', 'conntrack'],
  ...['docker-registry', 'skopeo', 'umoci', 'openssl'],
]
const BUILD_PACKAGES = ['golang-go', 'dpkg-dev', 'gcc', 'libc6-dev']
/** The five parts of Kubernetes that a node and its masters run. */
const COMMANDS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kube-proxy']
/** The parts that talk to clouds and to Docker are half of the work, and nothing here meets either. */
const TAGS = 'providerless dockerless'
/** What the programs answer when asked who they are; the version is that of Debian's source. */
const VERSION = 'v1.20.2'

const isBuilt = ({ bin }: Places) => [...COMMANDS, 'pause'].every((name) => existsSync(join(bin, name)))

/** Brings Debian's packages, and builds Kubernetes of Debian's source unless that was done; the sources are not kept. */
export async function makePrograms(places: Places, say: (line: string) => void): Promise<void> {
  const hasKubectl = (process.env.PATH ?? '').split(':').some((folder) => existsSync(join(folder, 'kubectl')))
  const wanted = [...PACKAGES, ...(isBuilt(places) ? [] : BUILD_PACKAGES), ...(hasKubectl ? [] : ['kubernetes-client'])]
  const missing = await missingPackages(wanted)
  if (missing.length > 0) {
    say(`installing ${missing.join(' ')}`)
    await installDebian(missing)
  }
  if (isBuilt(places)) return
  say('building Kubernetes of its source in Debian: some minutes, once')
  const work = `${places.bin}.making`
  await rm(work, { recursive: true, force: true })
  try {
    const source = await unpackSource(work)
    await mkdir(join(work, 'bin'))
    await build(work, source)
    await mustRun('gcc', ['-static', '-O2', '-o', join(work, 'bin/pause'), join(import.meta.dirname, 'pause.c')])
    await rm(places.bin, { recursive: true, force: true })
    await rename(join(work, 'bin'), places.bin)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** Where it lies in the tree that the compiler wants: this source is older than modules. */
const IN_TREE = 'src/k8s.io/kubernetes'

/** Sources are seldom among a machine's lists: it gets a list of its own beside them, from the mirror that is used already. */
async function unpackSource(work: string): Promise<string> {
  const [lists, cache] = [join(work, 'lists'), join(work, 'cache')]
  await mkdir(join(lists, 'partial'), { recursive: true })
  await mkdir(join(cache, 'archives/partial'), { recursive: true })
  const sources = join(work, 'source.sources')
  await writeFile(sources, await sourceList())
  const apart = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::Lists=${lists}`,
    `Dir::Cache=${cache}`,
  ]
  const options = [...apart, 'APT::Sandbox::User=root'].map((option) => `-o${option}`)
  await mustRun('apt-get', [...options, '-qq', 'update'])
  await mustRun('sh', ['-c', `cd "$0" && apt-get "$@" -qq source --download-only kubernetes`, work, ...options])
  const [description = ''] = globSync(join(work, '*.dsc'))
  const source = join(work, 'source')
  await mustRun('dpkg-source', ['--extract', description, source])
  await mkdir(join(work, 'go', 'src/k8s.io'), { recursive: true })
  await symlink(source, join(work, 'go', IN_TREE))
  return join(work, 'go', IN_TREE)
}

/** The suite whose source is whole: later ones leave out what it is built of. */
const SUITE = 'bookworm'
const KEYS = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** From the mirror that this machine has its own packages from. */
async function sourceList(): Promise<string> {
  const { stdout } = await tool('apt-get', [
    'indextargets',
    '--format',
    '$(REPO_URI) $(ORIGIN) $(CODENAME)',
    'Created-By: Packages',
  ])
  const uri = /^(\S+) Debian [a-z]+$/m.exec(stdout)?.[1]
  if (!uri) throw new Error('Cannot build Kubernetes: this machine has no packages from Debian')
  return `Types: deb-src\nURIs: ${uri}\nSuites: ${SUITE}\nComponents: main\nSigned-By: ${KEYS}\n`
}

/** The one thing that is generated and not in the source: the description of the API that clients check objects by. */
const DESCRIPTION = 'pkg/generated/openapi'
/** As its own makefile does it, without the other generators, whose results are there. */
const GENERATE = `
"$0" --logtostderr -i "$(grep -rl --include=*.go '+k8s:openapi-gen=' pkg cmd staging/src/k8s.io/*/ | grep -v _test.go |
  grep -v -e code-generator/ -e sample- | xargs -n 1 dirname | LC_ALL=C sort -u | sed 's|^staging/src/|k8s.io/kubernetes/vendor/|; /^k8s.io/!s|^|k8s.io/kubernetes/|' | paste -sd,)" \
  -p k8s.io/kubernetes/${DESCRIPTION} -O zz_generated.openapi -h hack/boilerplate/boilerplate.generatego.txt -r /dev/null`

async function build(work: string, source: string): Promise<void> {
  const env = { GOPATH: join(work, 'go'), GOCACHE: join(work, 'go-cache'), GOFLAGS: '', GO111MODULE: 'off', CGO_ENABLED: '0' }
  const inSource = (script: string, ...args: string[]) => mustRun('sh', ['-euc', `cd '${source}'; ${script}`, ...args], { env })
  const generator = join(work, 'openapi-gen')
  await inSource(`go build -o '${generator}' ./vendor/k8s.io/kube-openapi/cmd/openapi-gen`)
  await inSource(GENERATE, generator)
  const version = `-X k8s.io/kubernetes/vendor/k8s.io/component-base/version.gitVersion=${VERSION}`
  const commands = COMMANDS.map((name) => `./cmd/${name}`)
  await inSource(
    'go build -trimpath "$@"',
    'go',
    `-tags=${TAGS}`,
    `-ldflags=-s -w ${version}`,
    '-o',
    join(work, 'bin/'),
    ...commands,
  )
}
