import { type Language, StreamLanguage, type StreamParser } from '@codemirror/language'
import { tags } from '@lezer/highlight'

type Load = () => Promise<StreamParser<unknown>>

/**
 * How each language is coloured. Each import is a literal path, so each page loads its own and no other. These are the
 * small line-by-line modes: Python's is 3 KB where its full grammar is 37 KB, as much as all of socket.io twice. What no
 * package has is in grammars/.
 */
const MODES: Readonly<Record<string, Load>> = {
  algol68: async () => (await import('./grammars/algol68.ts')).algol68,
  aplus: async () => (await import('./grammars/aplus.ts')).aplus,
  assembly: async () => (await import('./grammars/assembly.ts')).assembly,
  awk: async () => (await import('./grammars/awk.ts')).awk,
  basic: async () => (await import('./grammars/basic.ts')).basic,
  bc: async () => (await import('./grammars/bc.ts')).bc,
  befunge: async () => (await import('./grammars/befunge.ts')).befunge,
  brainfuck: async () => (await import('@codemirror/legacy-modes/mode/brainfuck')).brainfuck,
  c: async () => (await import('@codemirror/legacy-modes/mode/clike')).c,
  clips: async () => (await import('./grammars/clips.ts')).clips,
  clojure: async () => (await import('@codemirror/legacy-modes/mode/clojure')).clojure,
  cobol: async () => (await import('@codemirror/legacy-modes/mode/cobol')).cobol,
  coffeescript: async () => (await import('@codemirror/legacy-modes/mode/coffeescript')).coffeeScript,
  commonlisp: async () => (await import('@codemirror/legacy-modes/mode/commonlisp')).commonLisp,
  cpp: async () => (await import('@codemirror/legacy-modes/mode/clike')).cpp,
  css: async () => (await import('@codemirror/legacy-modes/mode/css')).css,
  dc: async () => (await import('./grammars/dc.ts')).dc,
  dot: async () => (await import('./grammars/dot.ts')).dot,
  elixir: async () => (await import('./grammars/elixir.ts')).elixir,
  erlang: async () => (await import('@codemirror/legacy-modes/mode/erlang')).erlang,
  fish: async () => (await import('./grammars/fish.ts')).fish,
  forth: async () => (await import('@codemirror/legacy-modes/mode/forth')).forth,
  fortran: async () => (await import('@codemirror/legacy-modes/mode/fortran')).fortran,
  go: async () => (await import('@codemirror/legacy-modes/mode/go')).go,
  haskell: async () => (await import('@codemirror/legacy-modes/mode/haskell')).haskell,
  html: async () => (await import('@codemirror/legacy-modes/mode/xml')).html,
  icon: async () => (await import('./grammars/icon.ts')).icon,
  intercal: async () => (await import('./grammars/intercal.ts')).intercal,
  java: async () => (await import('@codemirror/legacy-modes/mode/clike')).java,
  javascript: async () => (await import('@codemirror/legacy-modes/mode/javascript')).javascript,
  jq: async () => (await import('./grammars/jq.ts')).jq,
  json: async () => (await import('@codemirror/legacy-modes/mode/javascript')).json,
  jsonnet: async () => (await import('./grammars/jsonnet.ts')).jsonnet,
  lolcode: async () => (await import('./grammars/lolcode.ts')).lolcode,
  lua: async () => (await import('@codemirror/legacy-modes/mode/lua')).lua,
  m4: async () => (await import('./grammars/m4.ts')).m4,
  make: async () => (await import('./grammars/make.ts')).make,
  markdown: async () => (await import('./grammars/markdown.ts')).markdown,
  nim: async () => (await import('./grammars/nim.ts')).nim,
  ocaml: async () => (await import('@codemirror/legacy-modes/mode/mllike')).oCaml,
  perl: async () => (await import('@codemirror/legacy-modes/mode/perl')).perl,
  php: async () => (await import('./grammars/php.ts')).php,
  picolisp: async () => (await import('./grammars/picolisp.ts')).picolisp,
  prolog: async () => (await import('./grammars/prolog.ts')).prolog,
  python: async () => (await import('@codemirror/legacy-modes/mode/python')).python,
  r: async () => (await import('@codemirror/legacy-modes/mode/r')).r,
  redis: async () => (await import('./grammars/redis.ts')).redis,
  rexx: async () => (await import('./grammars/rexx.ts')).rexx,
  ruby: async () => (await import('@codemirror/legacy-modes/mode/ruby')).ruby,
  rust: async () => (await import('@codemirror/legacy-modes/mode/rust')).rust,
  scheme: async () => (await import('@codemirror/legacy-modes/mode/scheme')).scheme,
  scss: async () => (await import('@codemirror/legacy-modes/mode/css')).sCSS,
  shell: async () => (await import('@codemirror/legacy-modes/mode/shell')).shell,
  sql: async () => (await import('@codemirror/legacy-modes/mode/sql')).sqlite,
  tcl: async () => (await import('@codemirror/legacy-modes/mode/tcl')).tcl,
  typescript: async () => (await import('@codemirror/legacy-modes/mode/javascript')).typescript,
  unlambda: async () => (await import('./grammars/unlambda.ts')).unlambda,
  verilog: async () => (await import('@codemirror/legacy-modes/mode/verilog')).verilog,
  wat: async () => (await import('@codemirror/legacy-modes/mode/wast')).wast,
  yaml: async () => (await import('@codemirror/legacy-modes/mode/yaml')).yaml,
}

/** Names by which configs hint at a mode above. */
const ALSO: Readonly<Record<string, string>> = {
  'c++': 'cpp',
  bash: 'shell',
  lisp: 'commonlisp',
  mllike: 'ocaml',
  nasm: 'assembly',
  sh: 'shell',
  sqlite: 'sql',
  xml: 'html',
}

/** The highlighting that `hint` names; undefined for one we have none of. */
export async function loadHighlighting(hint: string): Promise<Language | undefined> {
  const name = Object.hasOwn(ALSO, hint) ? ALSO[hint] : hint
  const load = name !== undefined && Object.hasOwn(MODES, name) ? MODES[name] : undefined
  if (!load) return undefined
  const mode = await load()
  return StreamLanguage.define({ ...mode, tokenTable: { property: tags.propertyName, ...mode.tokenTable } })
}
