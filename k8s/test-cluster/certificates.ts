import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { mustRun } from '../../cli/setup/tool.ts'
import { API_SERVICE_ADDRESS, NODE, type Places } from './places.ts'

/** A cluster is a matter of hours. */
const DAYS = '2'

/** Who is who: the subject is user and group, the names are what others may call it. */
const HOLDERS = {
  apiserver: {
    subject: '/CN=kube-apiserver',
    names: `IP:127.0.0.1,IP:${NODE.address},IP:${API_SERVICE_ADDRESS},DNS:localhost,DNS:kubernetes.default.svc`,
  },
  admin: { subject: '/O=system:masters/CN=admin', names: 'DNS:admin' },
  kubelet: { subject: `/O=system:nodes/CN=system:node:${NODE.name}`, names: `IP:${NODE.address},IP:127.0.0.1,DNS:${NODE.name}` },
  'apiserver-client': { subject: '/O=system:masters/CN=apiserver-client', names: 'DNS:apiserver-client' },
  proxy: { subject: '/CN=system:kube-proxy', names: 'DNS:kube-proxy' },
} as const
type Holder = keyof typeof HOLDERS

/** An authority of our own and a pair of certificate and key, `NAME.crt` and `NAME.key`, for each part. */
export async function makeCertificates({ pki }: Places): Promise<void> {
  const at = (name: string) => join(pki, name)
  const subject = ['-subj', '/CN=test-cluster', '-days', DAYS]
  await mustRun('openssl', ['req', '-x509', ...newKey(at('ca.key')), '-out', at('ca.crt'), ...subject])
  // Service accounts are not part of the chain: the API server signs their tokens with this pair alone.
  await mustRun('openssl', ['genrsa', '-out', at('sa.key'), KEY_BITS])
  await mustRun('openssl', ['rsa', '-in', at('sa.key'), '-pubout', '-out', at('sa.pub')])
  for (const name of Object.keys(HOLDERS) as Holder[]) await makePair(pki, name)
}

const KEY_BITS = '2048'
const newKey = (path: string) => ['-newkey', `rsa:${KEY_BITS}`, '-nodes', '-keyout', path]

async function makePair(pki: string, name: Holder): Promise<void> {
  const [key, request, extensions] = ['key', 'csr', 'ext'].map((ending) => join(pki, `${name}.${ending}`)) as [
    string,
    string,
    string,
  ]
  await writeFile(extensions, `subjectAltName=${HOLDERS[name].names}\n`)
  await mustRun('openssl', ['req', '-new', ...newKey(key), '-subj', HOLDERS[name].subject, '-out', request])
  const signer = ['-CA', join(pki, 'ca.crt'), '-CAkey', join(pki, 'ca.key'), '-CAcreateserial', '-days', DAYS]
  await mustRun('openssl', ['x509', '-req', '-in', request, ...signer, '-out', join(pki, `${name}.crt`), '-extfile', extensions])
}

/** What a part needs to find the API server and to be believed; valid as JSON, which is YAML. */
export function kubeconfig({ pki }: Places, holder: Holder): string {
  const cluster = { 'certificate-authority': join(pki, 'ca.crt'), server: 'https://127.0.0.1:6443' }
  const user = { 'client-certificate': join(pki, `${holder}.crt`), 'client-key': join(pki, `${holder}.key`) }
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test-cluster', cluster }],
    users: [{ name: holder, user }],
    contexts: [{ name: 'test-cluster', context: { cluster: 'test-cluster', user: holder } }],
    'current-context': 'test-cluster',
  })
}
