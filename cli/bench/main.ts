import { build } from './build.ts'
import { onTestCluster } from './cluster/on-test-cluster.ts'
import { dashboard } from './dashboard.ts'
import { density } from './density.ts'
import { echo } from './echo.ts'
import { imagestart } from './imagestart.ts'
import { k8sBurst } from './k8s-burst.ts'
import { k8sDeploy } from './k8s-deploy.ts'
import { k8sEcho } from './k8s-echo.ts'
import { k8sResume } from './k8s-resume.ts'
import { k8sSession } from './k8s-session.ts'
import { lsp } from './lsp.ts'
import { queries } from './queries.ts'
import { logs } from './logs.ts'
import { page } from './page.ts'
import { run } from './run.ts'
import { session } from './session.ts'
import { throughput } from './throughput.ts'

const BENCHES = {
  ...{ session, run, echo, throughput, density, page, lsp, queries, logs, build, imagestart, dashboard },
  'k8s-session': onTestCluster(k8sSession),
  'k8s-burst': onTestCluster(k8sBurst),
  'k8s-echo': onTestCluster(k8sEcho),
  'k8s-resume': onTestCluster(k8sResume),
  'k8s-deploy': onTestCluster(k8sDeploy),
}

const [name = '', ...flags] = process.argv.slice(2)
if (!Object.hasOwn(BENCHES, name) || flags.some((flag) => flag !== '--json')) {
  process.stderr.write(`Usage: npm run --silent bench -- ${Object.keys(BENCHES).join('|')} [--json]\n`)
  process.exit(2)
}
const figures = await BENCHES[name as keyof typeof BENCHES]()
if (!flags.includes('--json'))
  for (const [field, value] of Object.entries(figures)) process.stdout.write(`${field.padEnd(22)} ${value}\n`)
else process.stdout.write(`${JSON.stringify({ bench: name, ...figures })}\n`)
process.exit(0)
