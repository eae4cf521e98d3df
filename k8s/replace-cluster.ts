import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'

/**
 * Moves everybody from one cluster to another by a change of the name: docs/operate.md, "The whole cluster goes". Prints what
 * it would do; with --go it does that, step by step, and stops at the first that fails. --step N begins there.
 */
const USAGE = `node k8s/replace-cluster.ts --old CONTEXT --new CONTEXT --host NAME --address ADDRESS --dns COMMAND [--overlay DIR]
    [--step N] [--go]
  --old, --new   contexts of your kubeconfig
  --host         the name that visitors know
  --address      the new cluster's own, http://… or https://…
  --dns          a command that points a name at an address: it gets NAME, TTL in seconds, and 'old' or 'new'`

export type Plan = {
  readonly old: string
  readonly new: string
  readonly host: string
  readonly address: string
  readonly dns: string
  readonly overlay: string
}
export type Step = { readonly what: string; readonly commands: readonly string[] }

/** A session's longest life: when so much has passed since nobody new came, nobody is left. */
const LIFE_SECONDS = 3600
/** While the name moves; before and after, a resolver may keep it for LONG_TTL. */
const SHORT_TTL_SECONDS = 60
const LONG_TTL_SECONDS = 3600

/** The whole way, as commands of a shell. Each may be repeated. */
export function stepsOf({ old, new: fresh, host, address, dns, overlay }: Plan): readonly Step[] {
  const at = (context: string, words: string) => `kubectl --context ${quoted(context)} -n dragoman ${words}`
  const inside = (context: string, words: string) => at(context, `exec deploy/dragoman -c server -- ${words}`)
  const [name, url] = [quoted(host), quoted(address)]
  return [
    {
      what: 'Install the new cluster; nobody sees it yet',
      commands: [
        `kubectl --context ${quoted(fresh)} apply -k ${quoted(overlay)}`,
        at(fresh, 'rollout status deployment/dragoman --timeout=15m'),
      ],
    },
    {
      what: 'End building on the old one, and bring records, objects and images to the new one',
      commands: [
        at(old, 'set env deployment/dragoman DRAGOMAN_BUILDER=off'),
        at(old, 'rollout status deployment/dragoman --timeout=15m'),
        // Through this machine, in one stream: the file is as large as all images.
        `${inside(old, `sh -c 'dragoman backup /data/move.tar >&2 && cat /data/move.tar'`)} | kubectl --context ${quoted(fresh)} -n dragoman exec -i deploy/dragoman -c server -- sh -c 'cat > /data/move.tar && dragoman restore /data/move.tar'`,
        inside(fresh, 'dragoman verify'),
      ],
    },
    {
      what: 'Look whether the new one serves, by its own address',
      commands: [
        `curl --fail --silent --show-error ${quoted(new URL('/readyz', address).href)}`,
        `npx dragoman test python --check run,repl --server ${url}`,
      ],
    },
    {
      what: 'Let resolvers forget the name soon, and wait until they have heard of it',
      commands: [`${dns} ${name} ${SHORT_TTL_SECONDS} old`, `sleep ${LONG_TTL_SECONDS}`],
    },
    { what: 'Change the name: who comes now comes to the new cluster', commands: [`${dns} ${name} ${SHORT_TTL_SECONDS} new`] },
    {
      what: 'Wait for the last session of the old one',
      commands: [
        `sleep ${LIFE_SECONDS + SHORT_TTL_SECONDS}`,
        `test "$(kubectl --context ${quoted(old)} -n dragoman-sessions get pods -l 'dragoman.dev/kind=session,!dragoman.dev/pool' -o name | wc -l)" -eq 0`,
      ],
    },
    {
      what: 'Keep the name, and stop the old servers; the cluster itself is yours to take down',
      commands: [`${dns} ${name} ${LONG_TTL_SECONDS} new`, at(old, 'scale deployment/dragoman --replicas=0')],
    },
  ]
}

/** Prints or does the steps from a number on; the answer is the number of the one that failed. */
export function follow(
  steps: readonly Step[],
  { from, go }: { from: number; go: boolean },
  say: (line: string) => void,
): number | undefined {
  for (const [index, { what, commands }] of steps.entries()) {
    const number = index + 1
    if (number < from) continue
    say(`${number}. ${what}`)
    for (const command of commands) {
      say(`   ${command}`)
      if (go && spawnSync('bash', ['-o', 'pipefail', '-c', command], { stdio: ['ignore', 'inherit', 'inherit'] }).status !== 0) {
        say(`   This failed. When it is mended: --step ${number} --go`)
        return number
      }
    }
  }
  return undefined
}

const quoted = (text: string) => (/^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`)

function main(): number {
  const string = { type: 'string' } as const
  const options = { old: string, new: string, host: string, address: string, dns: string, overlay: string, step: string }
  const { values } = parseArgs({ options: { ...options, go: { type: 'boolean' } } })
  const { old, new: fresh, host, address, dns, overlay = 'k8s/overlays/production', step = '1', go = false } = values
  if (!old || !fresh || !host || !address || !dns || !URL.canParse(address) || !/^[1-7]$/.test(step)) {
    process.stderr.write(`${USAGE}\n`)
    return 2
  }
  const steps = stepsOf({ old, new: fresh, host, address, dns, overlay })
  const failed = follow(steps, { from: Number(step), go }, (line) => void process.stdout.write(`${line}\n`))
  return failed === undefined ? 0 : 1
}

if (import.meta.main) process.exitCode = main()
