import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { RegistryProxies } from '#lib/application/ports/registry-proxies.ts'
import { registryProxy } from './proxy.ts'
import { type RegistryAddresses, registriesOf, registryEnv } from './registries.ts'

const HOST_CHARS_MAX = 200

/** Proxies in this process, each at a socket of its own. A kind whose address is not said has its public registry. */
export const registryProxies = (addresses: Partial<RegistryAddresses>): RegistryProxies => ({
  async open(kinds, { url, certificates, signal, log }) {
    signal.throwIfAborted()
    const registries = await registriesOf(addresses, kinds)
    let fault: string | undefined
    const proxy = registryProxy(registries, {
      refused: (what) => log(`Refused: ${shown(what)}\n`),
      unreachable: (what) => void (fault ??= what),
    })
    // A path of a socket may have only some hundred characters, so it is not below the data folder.
    const folder = await mkdtemp(join(tmpdir(), `dragoman-proxy-${process.pid}-`))
    const socketPath = join(folder, 'socket')
    proxy.server.listen(socketPath)
    await once(proxy.server, 'listening')
    return {
      socketPath,
      env: registryEnv(registries, url, certificates),
      fault: () => fault,
      close: async () => {
        proxy.close()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
})

/** It was written by a recipe, and will be read on a terminal. */
// oxlint-disable-next-line no-control-regex
const shown = (what: string) => what.slice(0, HOST_CHARS_MAX).replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '?')
