import { closeSync, openSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A unix socket's path has room for 107 bytes; PostgreSQL's own name and a margin are part of it. */
export const SOCKET_PATH_BYTES_MAX = 100
export const SOCKET_NAME = '.s.PGSQL.5432'

/** One folder by two short names: PostgreSQL's, which works in its data folder, and this process's. */
export type SocketFolder = { readonly forPostgres: string; readonly forUs: string; close(): void }

/**
 * A checkout may lie deep. Where the whole path is too long, PostgreSQL gets it relative to its data folder, and we go
 * through an open descriptor, which only this process can name.
 */
export function socketFolder(runDir: string, dataDir: string): SocketFolder {
  if (Buffer.byteLength(join(runDir, SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX) {
    return { forPostgres: runDir, forUs: runDir, close() {} }
  }
  const fd = openSync(runDir, 'r')
  let open = true
  return {
    forPostgres: relative(dataDir, runDir),
    forUs: `/proc/self/fd/${fd}`,
    close() {
      if (open) closeSync(fd)
      open = false
    },
  }
}
