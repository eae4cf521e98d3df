import { spawn } from 'node:child_process'
import { once } from 'node:events'

import type { Tree, TreeNode } from '#lib/domain/tree-changes.ts'

const FORMAT = '%P\\0%y %m %U %G %s %C@ %T@\\0'
const SAID_MAX = 2000

/** All that is in a folder. What has to be entered first is a command that goes on with the one it is given. */
export async function listTree(folder: string, enter: readonly string[] = []): Promise<Tree> {
  const [command = '', ...args] = [...enter, 'find', folder, '-mindepth', '1', '-printf', FORMAT]
  const find = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LC_ALL: 'C' } })
  const chunks: Buffer[] = []
  let said = ''
  find.stdout.on('data', (chunk: Buffer) => void chunks.push(chunk))
  find.stderr.setEncoding('utf8').on('data', (text: string) => void (said = (said + text).slice(-SAID_MAX)))
  const [code] = (await once(find, 'close')) as [number | null]
  if (code !== 0) throw new Error(`Cannot list ${folder}: find ended with ${code}: ${said}`)

  const fields = Buffer.concat(chunks).toString('latin1').split('\0')
  const tree = new Map<string, TreeNode>()
  for (let n = 0; n + 1 < fields.length; n += 2) tree.set(fields[n] ?? '', nodeOf(fields[n + 1] ?? ''))
  return tree
}

function nodeOf(told: string): TreeNode {
  const [kind = '', mode = '', uid, gid, size, changedAt = '', modifiedAt] = told.split(' ')
  const modifiedMs = Math.floor(Number(modifiedAt) * 1000)
  return { kind, mode, uid: Number(uid), gid: Number(gid), size: Number(size), changedAt, modifiedMs }
}
