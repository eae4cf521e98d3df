import type { Digest } from '#lib/domain/digest.ts'

/** Unpacked images as folders on this machine, each whole or not there. */
export interface RootFolders {
  find(image: Digest): Promise<string | undefined>
  /**
   * Makes an unpacked folder the image's, with a place for all that a sandbox mounts, once it is on the disk; answers where it
   * is then.
   */
  take(image: Digest, folder: string): Promise<string>
  /** Says that it is needed now. */
  touch(image: Digest): Promise<void>
  /** The one needed longest ago first. */
  list(): Promise<readonly Digest[]>
  /** May be repeated. */
  remove(image: Digest): Promise<void>
}
