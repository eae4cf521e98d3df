/** The port of a build pod on which its runner listens. */
export const RUNNER_PORT = 7117
/** A held connection hears and says something so often. */
export const RUNNER_PING_MS = 5000
/** A runner that nobody holds for so long ends, and with it the pod. */
export const RUNNER_SILENCE_MS = 60_000
/** All that one script may say; what is kept of a build's log is far less. */
export const RUNNER_OUTPUT_BYTES_MAX = 64 * 1024 * 1024
/** Ways to the proxy: as many at once as package managers ask for; more wait for one of them. */
export const RUNNER_WAYS = 32

/** What a script sees read-only: packages to install, and texts, the script itself among them. */
export const RUNNER_PLACES = { given: '/mnt', files: '/run/recipe' } as const

/** One connection's first frame; docs/PROTOCOL.md tells how each goes on. */
export type RunnerAsk = { readonly key: string; readonly operation: RunnerOperation }

export type RunnerOperation =
  /** Stays open for as long as the pod is wanted; pings go both ways. */
  | { readonly type: 'hold' }
  /** Looks at the root as it is, before any script, and gives dpkg's list. The first look counts, however often it is asked. */
  | { readonly type: 'begin' }
  /** Files of a place in place of all that was there. Their bytes follow, one file after the other. */
  | {
      readonly type: 'give'
      readonly place: keyof typeof RUNNER_PLACES
      readonly files: readonly { readonly name: string; readonly size: number }[]
    }
  /** Runs the text `script`, once for each number; asked again it goes on with the output at an offset. */
  | { readonly type: 'run'; readonly number: number; readonly from: number; readonly env: Readonly<Record<string, string>> }
  /** A way to the proxy, until some program of the recipe takes it. */
  | { readonly type: 'way' }
  /** What has changed since `begin`, as a layer. */
  | { readonly type: 'changes'; readonly fallbackMs: number }
  /** What is in one folder, as an archive. */
  | { readonly type: 'content'; readonly folder: string }
