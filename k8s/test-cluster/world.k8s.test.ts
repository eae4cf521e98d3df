import { statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

import { testWorld } from './world.ts'

test('the image that is deployed lies in the registry', async () => {
  const { registryUrl, images } = testWorld()
  const accept = 'application/vnd.oci.image.manifest.v1+json'
  const { status } = await fetch(`${registryUrl}/v2/lang/python/manifests/${images.python}`, { headers: { accept } })
  expect(status).toBe(200)
})

test('the release that it is deployed with lies on the node, for anybody to run', () => {
  const { agentCache, agentVersion } = testWorld()
  expect(statSync(join(agentCache, agentVersion, 'dragoman-agent')).mode & 0o777).toBe(0o755)
})
