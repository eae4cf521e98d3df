import { once } from 'node:events'
import { mkdir, mkdtemp, open as openFolder, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { RegistryProxies } from '#lib/application/ports/registry-proxies.ts'
import { registryProxy } from './proxy.ts'
import { type RegistryAddresses, registriesOf, registryEnv } from './registries.ts'

const HOST_CHARS_MAX = 200
const SOCKET = 'socket'

/** Proxies in this process, each at a socket of its own below `workDir`. A kind whose address is not said has its public registry. */
export const registryProxies = (addresses: Partial<RegistryAddresses>, workDir: string): RegistryProxies => ({
  async open(kinds, { url, certificates, signal, log }) {
    signal.throwIfAborted()
    const registries = await registriesOf(addresses, kinds)
    let fault: string | undefined
    const proxy = registryProxy(registries, {
      refused: (what) => log(`Refused: ${shown(what)}\n`),
      unreachable: (what) => void (fault ??= what),
    })
    await mkdir(workDir, { recursive: true })
    const folder = await mkdtemp(join(workDir, 'proxy-'))
    // A socket's path has at most 107 bytes, and the folder's may be longer: an open one has a short name.
    // It stays open, since Node removes the socket by the name it had.
    const opened = await openFolder(folder)
    proxy.server.listen(`/proc/self/fd/${opened.fd}/${SOCKET}`)
    await once(proxy.server, 'listening')
    return {
      socketPath: join(folder, SOCKET),
      env: registryEnv(registries, url, certificates),
      fault: () => fault,
      close: async () => {
        proxy.close()
        await rm(folder, { recursive: true, force: true })
        await opened.close()
      },
    }
  },
})

/** It was written by a recipe, and will be read on a terminal. */
// oxlint-disable-next-line no-control-regex
const shown = (what: string) => what.slice(0, HOST_CHARS_MAX).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')
