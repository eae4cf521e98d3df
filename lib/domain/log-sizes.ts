const KIB = 1024
const MIB = 1024 * KIB

/** One push of a runner; the database refuses a larger one. */
export const LOG_CHUNK_BYTES_MAX = 128 * KIB
/** The first of an attempt's log that stay; what begins below is kept whole. */
export const LOG_HEAD_BYTES_MAX = 2 * MIB
/** The last that stay. Where a build breaks is usually at the end, so of the middle it is told how much is missing. */
export const LOG_TAIL_BYTES_MAX = 2 * MIB

/** What stands in a finalised log where its middle was taken out. */
export const cutLine = (bytes: number) => `\n[dragoman: ${bytes} bytes were left out here]\n`
