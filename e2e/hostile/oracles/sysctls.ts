import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Not settings, but numbers that move by themselves, and settings that the kernel tunes by its load. */
const COUNTERS =
  /^(kernel\/(random\/|ns_last_pid|pty\/nr|perf_event_max_sample_rate|tainted|threads-max)|fs\/.*(-nr|-state|nr_.*)$|fs\/(dentry-state|inode-(nr|state)|file-nr|aio-nr|quota)|vm\/(stat_refresh|compact_memory|drop_caches)|net\/netfilter\/nf_conntrack_count)/

/** Of containers and pods that others have on the machine; they come and go while we look. */
const OTHERS = /^net\/ipv[46]\/(conf|neigh)\/veth/

/** The machine's kernel settings: one hash by name. What cannot be read now can be no setting of ours. */
export function sysctls(root = '/proc/sys'): Map<string, string> {
  const values = new Map<string, string>()
  const walk = (folder: string) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (COUNTERS.test(path) || OTHERS.test(path)) continue
      if (entry.isDirectory()) walk(path)
      else values.set(path, read(join(root, path)))
    }
  }
  walk('')
  return values
}

/** One hash over all, for a quick comparison. */
export const hashOf = (values: ReadonlyMap<string, string>) =>
  createHash('sha256')
    .update(JSON.stringify([...values].sort()))
    .digest('hex')

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1')
  } catch {
    return ''
  }
}
