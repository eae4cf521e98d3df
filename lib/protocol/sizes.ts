/** The numbers of the wire alone, without the schemas, so that a page can use them and stay small. */

/** Output the agent may have sent and not seen acknowledged, in bytes, per stream. */
export const OUTPUT_WINDOW_BYTES = 64 * 1024
/** Input that may have been sent and not acknowledged, in bytes. */
export const INPUT_WINDOW_BYTES = 64 * 1024
/** Terminal output the agent keeps for whoever attaches next, in bytes. */
export const RING_BYTES = 256 * 1024
/** Text of all files of one run, in UTF-8 bytes. */
export const CODE_BYTES_MAX = 256 * 1024
/** What may wait for a language server to read it, in bytes. */
export const LSP_INPUT_BYTES_MAX = 1024 * 1024
/** One `input` event, in bytes. */
export const INPUT_BYTES_MAX = 64 * 1024
/** Files of one run. */
export const FILES_MAX = 16
/** Arguments of a program, or flags of a compiler: how many, and the length of each. */
export const ARGUMENTS_MAX = 64
export const ARGUMENT_CHARS_MAX = 1024
