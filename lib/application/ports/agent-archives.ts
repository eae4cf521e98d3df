import type { Readable } from 'node:stream'

import type { Digest } from '#lib/domain/digest.ts'
import type { Result } from '#lib/domain/result.ts'

/** An archive in a file of ours, to be stored and then removed. */
export type PackedAgent = { readonly digest: Digest; readonly size: number; open(): Readable; remove(): Promise<void> }
export type BadAgentArchive = { readonly code: 'bad_archive'; readonly why: string }

/** The agent's program as an archive that holds nothing else, and back. */
export interface AgentArchives {
  /** The program is the file `dragoman-agent` of the folder. The same program is the same bytes. */
  pack(folder: string, signal: AbortSignal): Promise<PackedAgent>
  /**
   * Writes the program into the folder, executable, and on the disk when this settles; the archive is read to its end. After a
   * refusal or a rejection what lies there is not to be used.
   */
  unpack(archive: Readable, folder: string): Promise<Result<void, BadAgentArchive>>
}
