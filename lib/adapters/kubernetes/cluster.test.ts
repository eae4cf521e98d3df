import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, expect, test } from 'vitest'

import { apiServerAddresses, openCluster } from './cluster.ts'

const folder = mkdtempSync(join(tmpdir(), 'kubeconfig-'))
afterAll(() => rmSync(folder, { recursive: true }))

function kubeconfig(context: string): string {
  const path = join(folder, 'config')
  const named = (name: string, kind: string, value: object) => ({ name, [kind]: value })
  writeFileSync(join(folder, 'token'), 'a-token')
  const config = {
    clusters: [named('house', 'cluster', { server: 'https://cluster.example:6443' })],
    users: [named('server', 'user', { 'auth-provider': { name: 'tokenFile', config: { tokenFile: join(folder, 'token') } } })],
    contexts: [named('here', 'context', { cluster: 'house', user: 'server' })],
    'current-context': context,
  }
  writeFileSync(path, JSON.stringify(config)) // JSON is YAML
  return path
}

test('a kubeconfig says where the cluster is and who we are', async () => {
  const cluster = await openCluster(kubeconfig('here'))

  expect(cluster.url).toBe('https://cluster.example:6443')
  expect((await cluster.options()).headers).toEqual({ Authorization: 'Bearer a-token' })
})

test('calls share connections', async () => {
  const cluster = await openCluster(kubeconfig('here'))
  const [first, second] = [await cluster.options(), await cluster.options()]

  expect(first.agent).toBe(second.agent)
  expect(first.agent).toMatchObject({ keepAlive: true })
})

test('a kubeconfig without a current context is refused', async () => {
  await expect(openCluster(kubeconfig('elsewhere'))).rejects.toThrow('no current context')
})

test.each([
  ['https://10.99.0.1:6443', ['10.99.0.1:6443']],
  ['https://[fd00::1]', ['[fd00::1]:443']],
  ['http://127.0.0.1', ['127.0.0.1:80']],
])('the API server of %s is at %j', async (url, addresses) => {
  expect(await apiServerAddresses({ url })).toEqual(addresses)
})
