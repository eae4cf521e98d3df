import { execFile } from 'node:child_process'
import { statfs } from 'node:fs/promises'
import { promisify } from 'node:util'

const LOOK_MS = 250
/** Where less is free, whoever works there is stopped: it is the machine's own disk. */
const FREE_SHARE_MIN = 0.02
/** Fewer files than this may be made: the disk is as good as full. */
const FREE_NODES_MIN = 5000
/** A folder is measured when the disk has lost this share of what it may take since it was last measured. */
const LOST_SHARE = 0.25
const run = promisify(execFile)

/**
 * Tells, once, why a folder takes too much of the disk. Looking at the whole disk costs one call each time; the folder itself
 * is measured only when the disk has lost much, to whomever.
 */
export async function watchDisk(folder: string, bytesMax: number, tooMuch: (why: string) => void) {
  let measuredAt = (await freeIn(folder)).bytes
  let isBusy = false

  async function look(): Promise<void> {
    const free = await freeIn(folder)
    if (free.bytes < free.allBytes * FREE_SHARE_MIN) return tooMuch('the disk is full')
    if (free.allNodes > 0 && free.nodes < FREE_NODES_MIN) return tooMuch('the disk has no room for more files')
    if (measuredAt - free.bytes < bytesMax * LOST_SHARE) return
    measuredAt = free.bytes
    if ((await sizeOf(folder)) > bytesMax) tooMuch(`its root took more than ${bytesMax} bytes of the disk`)
  }

  const timer = setInterval(() => {
    if (isBusy) return
    isBusy = true
    look()
      .catch(() => undefined) // the folder is being removed
      .finally(() => (isBusy = false))
  }, LOOK_MS)
  return { stop: () => clearInterval(timer) }
}

async function freeIn(folder: string) {
  const { bavail, bsize, blocks, ffree, files } = await statfs(folder)
  return { bytes: bavail * bsize, allBytes: blocks * bsize, nodes: ffree, allNodes: files }
}

/** In bytes, as `du` counts, which follows no link and leaves no file system; it complains of what vanishes meanwhile. */
async function sizeOf(folder: string): Promise<number> {
  const said = await run('du', ['-sx', '--block-size=1', '--', folder]).then(
    ({ stdout }) => stdout,
    (error: { stdout?: string }) => error.stdout ?? '',
  )
  return Number.parseInt(said, 10) || 0
}
