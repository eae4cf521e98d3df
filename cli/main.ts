import { setUp, type Goal } from './setup/set-up.ts'

/** What `npm start`, `npm test` and `npm run …` do once the packages are there. */
const COMMANDS: Readonly<Record<string, { readonly goal: Goal; readonly entry: string }>> = {
  start: { goal: 'start', entry: './start.ts' },
  test: { goal: 'test', entry: './test.ts' },
  check: { goal: 'check', entry: './check.ts' },
  'test:k8s': { goal: 'test', entry: './test-k8s.ts' },
  'test:faults': { goal: 'test', entry: './test-faults.ts' },
  'test-cluster': { goal: 'check', entry: '../k8s/test-cluster/main.ts' },
  bench: { goal: 'serve', entry: './bench/main.ts' },
  screens: { goal: 'serve', entry: './screens.ts' },
  hostile: { goal: 'serve', entry: '../e2e/hostile/main.ts' },
  languages: { goal: 'serve', entry: './languages/main.ts' },
}

const [name = '', ...args] = process.argv.slice(2)
const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
if (!command) {
  process.stderr.write(`Usage: npm start | npm test | npm run ${Object.keys(COMMANDS).slice(2).join(' | npm run ')}\n`)
  process.exit(2)
}
// Every entry reads its own arguments from where a program finds them.
process.argv.splice(2, process.argv.length, ...args)
if (command.goal !== 'start') await setUp(command.goal) // `start` reads its options first
await import(command.entry)
