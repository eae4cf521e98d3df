import { makePrograms } from './build.ts'
import { takeDown } from './down.ts'
import { placesHere } from './places.ts'
import { pushRoot } from './push.ts'
import { bringUp } from './up.ts'

const USAGE = `Usage: npm run test-cluster build | up | down | push REFERENCE ROOT.tar [ENTRYPOINT]
  build   installs Debian's packages and builds Kubernetes, once
  up      the same, then starts it; prints the path of its kubeconfig
  down    ends it and removes all but what was built
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
  default:
    if (verb === 'push' && reference && root) await pushRoot(reference, root, entrypoint)
    else {
      process.stderr.write(USAGE)
      process.exitCode = 2
    }
}
