// Draws the passwords of the database, once: a Secret that is there stays as it is. The API server's address and the token are
// where every pod finds them; its certificate is in NODE_EXTRA_CA_CERTS.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'

const { KUBERNETES_SERVICE_HOST: address, KUBERNETES_SERVICE_PORT: port, NAMESPACE, DATABASE_HOST } = process.env
const host = address.includes(':') ? `[${address}]` : address
const token = readFileSync('/var/run/secrets/kubernetes.io/serviceaccount/token', 'utf8')
const [web, migrate] = [0, 1].map(() => randomBytes(24).toString('hex'))
const url = (role, password) => `postgresql://${role}:${password}@${DATABASE_HOST}/dragoman`

const answer = await fetch(`https://${host}:${port}/api/v1/namespaces/${NAMESPACE}/secrets`, {
  method: 'POST',
  headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'dragoman-database', labels: { 'app.kubernetes.io/part-of': 'dragoman' } },
    stringData: {
      'web-password': web,
      'migrate-password': migrate,
      url: url('dragoman_web', web),
      'migrate-url': url('dragoman_migrate', migrate),
    },
  }),
})
if (answer.status === 201) process.stdout.write('Made the Secret dragoman-database\n')
else if (answer.status === 409) process.stdout.write('The Secret dragoman-database is there already\n')
else throw new Error(`The API server answered ${answer.status}: ${await answer.text()}`)
