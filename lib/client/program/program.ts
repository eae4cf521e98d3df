export type ProgramFile = { readonly path: string; readonly text: string }

/** What a visitor works on: the files, the main one first, and what goes along with a run. */
export type Program = {
  readonly files: readonly [ProgramFile, ...ProgramFile[]]
  /** As typed; split into words when the program is run. */
  readonly args: string
  readonly flags: string
  /** Empty: the program reads the terminal. */
  readonly input: string
}

export const programOf = (path: string, text: string, args = '', flags = ''): Program => ({
  files: [{ path, text }],
  args,
  flags,
  input: '',
})

export const isSameProgram = (one: Program, other: Program): boolean =>
  one.args === other.args &&
  one.flags === other.flags &&
  one.input === other.input &&
  one.files.length === other.files.length &&
  one.files.every(({ path, text }, i) => path === other.files[i]?.path && text === other.files[i].text)

/** The same program with one file's text changed. */
export const withText = (program: Program, path: string, text: string): Program => ({
  ...program,
  files: mapFiles(program.files, (file) => (file.path === path ? { path, text } : file)),
})

export const withPath = (program: Program, from: string, to: string): Program => ({
  ...program,
  files: mapFiles(program.files, (file) => (file.path === from ? { path: to, text: file.text } : file)),
})

export const withFile = (program: Program, file: ProgramFile, index = program.files.length): Program => {
  const [main, ...rest] = program.files
  const at = Math.max(0, index - 1)
  return { ...program, files: [main, ...rest.slice(0, at), file, ...rest.slice(at)] }
}

/** The main file stays, whatever is asked. */
export const withoutFile = (program: Program, path: string): Program => {
  const [main, ...rest] = program.files
  return { ...program, files: [main, ...rest.filter((file) => file.path !== path)] }
}

export const textOf = (program: Program, path: string): string | undefined =>
  program.files.find((file) => file.path === path)?.text

const mapFiles = ([main, ...rest]: Program['files'], change: (file: ProgramFile) => ProgramFile): Program['files'] => [
  change(main),
  ...rest.map(change),
]
