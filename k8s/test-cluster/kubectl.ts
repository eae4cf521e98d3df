import { execFile } from 'node:child_process'

/** Longer than any single question to a cluster that lives. */
const TIMEOUT_MS = 60_000
const OUTPUT_BYTES_MAX = 64 * 2 ** 20

/** The cluster that tests talk to. Throws where there is none, since a test without it would prove nothing. */
export function kubeconfigPath(): string {
  const path = process.env.KUBECONFIG
  if (!path)
    throw new Error('$KUBECONFIG names no cluster: use `npm run test:k8s`, or `npm run test-cluster up` and what it prints')
  return path
}

/** Runs kubectl against it and answers what it printed; throws with its words when it fails. */
export function kubectl(args: readonly string[], input = ''): Promise<string> {
  return new Promise((done, failed) => {
    const limits = { timeout: TIMEOUT_MS, maxBuffer: OUTPUT_BYTES_MAX }
    const child = execFile('kubectl', ['--kubeconfig', kubeconfigPath(), ...args], limits, (error, stdout, stderr) => {
      if (error) failed(new Error(`kubectl ${args.join(' ')}: ${stderr.trim() || error.message}`))
      else done(stdout)
    })
    child.stdin?.end(input)
  })
}

/** The same for what is printed as one JSON value. The caller knows its shape from the API. */
export const kubectlJson = async <T>(args: readonly string[]): Promise<T> =>
  JSON.parse(await kubectl([...args, '-o', 'json'])) as T

/** Makes or changes objects; several are put into one list. */
export const apply = (...objects: readonly object[]): Promise<string> =>
  kubectl(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
