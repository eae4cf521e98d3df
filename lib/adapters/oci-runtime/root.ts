import { access, chmod, cp, mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { AGENT_IN_ROOT, VISITOR_ID } from './bundle.ts'

/** Runtimes give what they mount on a folder the folder's own mode. */
const FOLDERS: readonly (readonly [string, number])[] = [
  ...['usr', 'proc', 'dev', 'etc', 'home', 'opt/dragoman', 'run/dragoman', 'var/lib'].map((folder) => [folder, 0o755] as const),
  ['home/visitor', 0o700],
  ['tmp', 0o1777],
]
/** Folders that are links into /usr on a host whose /usr is whole. */
const LINKS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32']
/** What interpreters and compilers read outside /usr. No secrets: anybody on the host may read each. */
const COPIES: Readonly<Record<string, RegExp>> = {
  etc: /^(alternatives|fish|fpc.*\.cfg|ghc|gnucobol|java-\d+-openjdk|julia|ld\.so\.(cache|conf|conf\.d)|locale\.alias|localtime|lua|magic|mime\.types|nim|ocamlfind\.conf|perl|php|protocols|python3(\.\d+)?|R|services|swi-prolog|terminfo)$/,
  'var/lib': /^(gems|ghc|ocaml)$/,
}

const FILES: Readonly<Record<string, string>> = {
  'etc/passwd': [
    'root:x:0:0:agent:/:/usr/sbin/nologin',
    `visitor:x:${VISITOR_ID}:${VISITOR_ID}:Visitor:/home/visitor:/bin/bash`,
    'nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin',
    '',
  ].join('\n'),
  'etc/group': `root:x:0:\nvisitor:x:${VISITOR_ID}:\nnogroup:x:65534:\n`,
  'etc/hostname': 'dragoman\n',
  'etc/hosts': '127.0.0.1 localhost dragoman\n::1 localhost\n',
  'etc/nsswitch.conf': 'passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n',
  'etc/resolv.conf': '',
  'etc/shells': '/bin/sh\n/bin/bash\n',
}

/** Makes in an empty folder what every sandbox has as its root, except /usr and the agent, which are mounted. */
export async function prepareRoot(root: string): Promise<void> {
  await chmod(root, 0o755)
  for (const [folder, mode] of FOLDERS) {
    await mkdir(join(root, folder), { recursive: true })
    await chmod(join(root, folder), mode)
  }
  await Promise.all([
    ...LINKS.map((name) => linkLikeHost(root, name)),
    ...Object.entries(COPIES).map(([folder, names]) => copyFromHost(root, folder, names)),
    ...Object.entries(FILES).map(([path, text]) => writeFile(join(root, path), text, { mode: 0o644 })),
    writeFile(join(root, AGENT_IN_ROOT), '', { mode: 0o755 }),
    symlink('/tmp', join(root, 'var/tmp')),
    symlink('/proc/self/mounts', join(root, 'etc/mtab')),
  ])
}

/** Folders of the host that are not links into /usr: such a host cannot lend its /usr alone. */
export async function unmergedFolders(): Promise<string[]> {
  const there = (name: string) =>
    access(`/${name}`).then(
      () => true,
      () => false,
    )
  const unmerged = await Promise.all(
    LINKS.map(async (name) => ((await there(name)) && !(await targetOf(name)) ? [`/${name}`] : [])),
  )
  return unmerged.flat()
}

async function linkLikeHost(root: string, name: string): Promise<void> {
  const target = await targetOf(name)
  if (target) await symlink(target, join(root, name))
}

const targetOf = (name: string) => readlink(`/${name}`).catch(() => undefined)

async function copyFromHost(root: string, folder: string, names: RegExp): Promise<void> {
  const found = (await readdir(`/${folder}`)).filter((name) => names.test(name))
  await Promise.all(
    found.map((name) => cp(`/${folder}/${name}`, join(root, folder, name), { recursive: true, verbatimSymlinks: true })),
  )
}
