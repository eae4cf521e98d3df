/** Something about a config file, and where. A warning leaves the language usable; an error keeps it out. */
export type ConfigProblem = {
  readonly severity: 'error' | 'warning'
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  /** Path of the field, such as `scope.after`. */
  readonly field?: string
  readonly message: string
}
