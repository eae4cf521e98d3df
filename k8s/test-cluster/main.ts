import { once } from 'node:events'

import { makePrograms } from './build.ts'
import { takeDown } from './down.ts'
import { placesHere } from './places.ts'
import { pushRoot } from './push.ts'
import { bringUp } from './up.ts'
import { openWorld } from './world.ts'

const USAGE = `Usage: npm run test-cluster build | up | down | world | push REFERENCE ROOT.tar [ENTRYPOINT]
  build   installs Debian's packages and builds Kubernetes, once
  up      the same, then starts it; prints the path of its kubeconfig
  down    ends it and removes all but what was built
  world   builds and deploys a language for tests, prints the path of its description, keeps its database until it is told to end
  push    makes an image of a root file system and pushes it to the node's registry
`
const say = (line: string) => void process.stderr.write(`test cluster: ${line}\n`)

const places = placesHere()
const [verb, reference, root, entrypoint] = process.argv.slice(2)
switch (verb) {
  case 'build':
    await makePrograms(places, say)
    break
  case 'up':
    await makePrograms(places, say)
    await bringUp(places)
    process.stdout.write(`${places.kubeconfig}\n`)
    break
  case 'down':
    await takeDown(places)
    break
  case 'world': {
    const told = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => told.abort())
    const world = await openWorld(told.signal)
    process.stdout.write(`${world.path}\n`)
    if (!told.signal.aborted) await once(told.signal, 'abort')
    await world.stop()
    break
  }
  default:
    if (verb === 'push' && reference && root) await pushRoot(reference, root, entrypoint)
    else {
      process.stderr.write(USAGE)
      process.exitCode = 2
    }
}
