import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { rootFolders } from '../adapters/files/root-folders.ts'
import { pgArtifacts } from '../adapters/pg/artifacts.ts'
import { tarAgentArchives } from '../adapters/tar/agent-archives.ts'
import { releasedAgents } from '../adapters/tar/agent-binaries.ts'
import { tarLayers } from '../adapters/tar/layers.ts'
import { imageRoots } from '../application/images/image-roots.ts'
import type { ImageRoots } from '../application/ports/image-roots.ts'
import type { Log } from '../application/ports/log.ts'
import type { Stores } from '../stores.ts'
import type { Databases } from './databases.ts'

/** The agent of this checkout, which sandboxes on the machine itself have. */
export const agentPath = (top: string) => join(top, '.dragoman', 'agent', 'dragoman-agent')

/** The database is asked only for releases that are not here yet, so nothing waits for it to start. */
export async function openImageRoots(
  { objects, images }: Stores,
  databases: Promise<Databases>,
  { top, dataDir, log }: { readonly top: string; readonly dataDir: string; readonly log: Log },
): Promise<ImageRoots & { close(): void }> {
  const folders = await rootFolders(join(dataDir, 'roots'))
  const agents = releasedAgents({
    artifacts: {
      async releases(version) {
        const { workshop } = await databases
        if (!workshop) throw new Error('Cannot look for releases of the agent: there is no database')
        return pgArtifacts(workshop.database).releases(version)
      },
    },
    objects,
    archives: tarAgentArchives(join(dataDir, 'build')),
    folder: join(dataDir, 'agents'),
    own: { version: ownVersion(top), path: agentPath(top) },
  })
  return imageRoots({ images, folders, layers: tarLayers(folders.workDir), agents, log })
}

/** As the set-up wrote it down beside the program. */
function ownVersion(top: string): string {
  const stamp: unknown = JSON.parse(readFileSync(join(top, '.dragoman', 'agent', 'stamp.json'), 'utf8'))
  if (typeof stamp === 'object' && stamp && 'version' in stamp && typeof stamp.version === 'string') return stamp.version
  throw new Error('Cannot tell the version of the agent: start with npm start, which makes it')
}
