/** A test by its file and a piece of its title, or of the name of its row among others. */
type Proof = readonly [file: string, title: string]

/** What somebody may send to a surface, and what must come of it. */
export type BadInput = {
  readonly surface: 'language file' | 'HTTP' | 'command line' | 'socket'
  readonly input: string
  readonly expected: string
  readonly proofs: readonly Proof[]
}

const CHECK = 'lib/adapters/lang-files/check-config.test.ts'
const LOAD = 'lib/adapters/lang-files/load-languages.test.ts'
const POLICY = 'lib/adapters/lang-files/install-policy.test.ts'
const HTTP = 'e2e/server/http.server.test.ts'
const SOCKET = 'e2e/server/websocket.server.test.ts'
const COMMANDS = 'cli/dragoman/commands.test.ts'
const MISUSE = 'cli/misuse.test.ts'

/** Every surface that there is, with a test for each kind of bad input. A row without one fails `table.test.ts`. */
export const BAD_INPUT: readonly BadInput[] = [
  ...rows('language file', [
    [
      'anchors, aliases that stand for gigabytes, and to themselves',
      'refused before any is followed',
      [CHECK, 'an anchor'],
      [CHECK, 'a file of aliases that stand for gigabytes'],
      [CHECK, 'an alias to itself'],
    ],
    ['merge keys', 'refused by name', [CHECK, 'a merge key']],
    ['tags, of the core and of nobody', 'refused', [CHECK, 'a core tag'], [CHECK, 'a tag']],
    [
      'duplicate keys, tabs, two documents, YAML 1.1, brackets without end',
      'refused with line and column',
      [CHECK, 'duplicate keys'],
      [CHECK, 'a tab as indentation'],
      [CHECK, 'a second document'],
      [CHECK, 'YAML 1.1'],
      [CHECK, 'brackets a hundred thousand deep'],
    ],
    [
      'megabytes, bytes that are no text, pipes and folders in place of a file',
      'refused and not waited for',
      [LOAD, 'what is not a file of text within the limit'],
    ],
    [
      'no, on, off, 1e3, 0o7 and true where text is meant',
      'text where YAML 1.2 says so, else put-it-in-quotes',
      [CHECK, 'no, on and off are text'],
      [CHECK, '1e3 as text'],
      [CHECK, '0o7 as text'],
      [CHECK, 'true as text'],
      [CHECK, 'yes for a boolean'],
    ],
    [
      'unknown fields, also __proto__ and within others',
      'refused by name',
      [CHECK, 'an unknown field'],
      [CHECK, 'an unknown field inside'],
      [CHECK, '__proto__'],
    ],
    [
      'a wrong type, nothing, an empty list',
      'refused with the field’s sentence',
      [CHECK, 'a list for text'],
      [CHECK, 'text for a list'],
      [CHECK, 'nothing at all'],
      [CHECK, 'an empty list'],
    ],
    ['a missing field', 'refused by that name', [CHECK, 'a config without %s is refused by that name']],
    [
      'two languages of one name, an alias of oneself',
      'one keeps it, the other is told',
      [LOAD, 'of two languages of a folder that want one name'],
      [CHECK, 'an alias twice, in whatever case'],
    ],
    [
      'ids that are reserved, paths, capitals, or too long',
      'refused',
      [CHECK, 'the id %j is refused'],
      [CHECK, 'an id is at most 40 characters'],
      [CHECK, 'the alias %j is refused'],
    ],
    [
      'shell, line ends and quotes where names belong',
      'refused, or handed on as one word that no shell reads',
      [CHECK, 'shell where a package’s name belongs'],
      [CHECK, 'main may hold folders, shell signs and spaces'],
      ['agent/jobs.agent.test.ts', 'files are written into folders, with the name and text they have'],
    ],
    ['a main upwards, absolute or deep', 'refused', [CHECK, 'the file name %s is refused']],
    ['NUL and control characters', 'refused', [CHECK, 'NUL and other control characters are refused']],
    [
      'a download that nobody checks, a floating tag, a private host',
      'warned of, with its place',
      [POLICY, 'a download'],
      [POLICY, 'the latest of a package'],
      [POLICY, 'a private address'],
      [POLICY, 'metadata of a cloud'],
    ],
    [
      'a time of nothing and of for ever',
      'brought within bounds',
      ['lib/domain/lang-to-language.test.ts', 'a timeout factor of %d is %d ms'],
    ],
    [
      'a pattern that backtracks for ever, or does not compile',
      'given up, or refused',
      ['lib/application/checks/run-check.test.ts', 'a pattern that backtracks for ever'],
      [CHECK, 'a prompt, and a hello with a length, have to compile'],
    ],
    ['texts and expectations without end', 'refused above a length', [CHECK, '%s is at most %i characters']],
  ]),
  ...rows('HTTP', [
    [
      'names of nobody, aliases, capitals, dots, escapes, NUL, eight kilobytes, emoji',
      '404, 301, 400 or 414; never another site',
      [HTTP, 'is answered as a path of its kind'],
    ],
    ['__proto__, constructor and toString as languages', '404', [HTTP, "'/__proto__', 404"], [HTTP, "'/toString', 404"]],
    [
      'headers by which the pages’ parts speak to each other, or a proxy would',
      'the page is the same',
      [HTTP, 'a page is the same with the header %s'],
      ['lib/web/strange-headers.test.ts', 'cannot be said from outside'],
    ],
    [
      'actions, forms, multipart and Flight payloads',
      '405 before they are read',
      [HTTP, 'a form, an action of a page, and a body of a hundred megabytes'],
    ],
    ['a page’s parameters in the query', 'ignored', [HTTP, 'a page’s own parameters come from its path']],
    [
      'requests for a part of a page, ill-formed',
      'the page, and no fault',
      [HTTP, 'what asks for a part of a page gets no more than the page'],
    ],
    [
      'upgrades of other paths, absolute targets, CONNECT',
      '400, and nobody is reached',
      [HTTP, 'only the socket path can be upgraded, and nothing is proxied'],
    ],
    ['a Host of somebody else', 'in no answer', [HTTP, 'a Host that is not ours is in no answer']],
    [
      'no Host, two lengths, chunks and a length, folded headers, TLS',
      '400 and closed',
      [HTTP, 'a request with %s is answered 400 and closed'],
    ],
    ['a second request hidden in the first', 'not answered', [HTTP, 'a second request hidden behind the first is not answered']],
    ['headers without end', '431', [HTTP, 'headers without end are refused at 16 KiB']],
    ['methods that nothing has', '405', [HTTP, '%s is of no use anywhere']],
    [
      'private addresses for the image optimiser',
      '404, and nobody is reached',
      [HTTP, 'the image optimiser fetches nothing for anybody'],
    ],
    ['files of the checkout, and of the build', '404', [HTTP, 'no file lies at %s']],
    ['ranges that cannot be', 'the whole file', [HTTP, 'whatever range of it is asked for in vain']],
    [
      'other forms of /healthz, /readyz, /metrics and /socket.io/',
      '404 or 400',
      [HTTP, 'the places for machines say what they should and nothing else'],
    ],
    ['a thousand requests at once', 'all are answered', [HTTP, 'a thousand requests at once are all answered']],
    [
      'a thousand connections that say nothing, or a byte now and then',
      'nobody is kept out, and they are closed',
      [HTTP, 'a thousand connections that say nothing'],
    ],
  ]),
  ...rows('socket', [
    [
      'a page of another origin, of none, or of `null`',
      'no socket',
      [SOCKET, 'a page of %s origin gets no socket'],
      [SOCKET, 'a handshake without origin, and any by polling'],
    ],
    [
      'a token of nobody, of another, or after the end',
      'typed, and no session',
      [SOCKET, 'a session opens to its own token alone'],
    ],
    [
      'events of nobody, bodies of another form, answers nobody waits for',
      'bad_message; twenty end the socket',
      [SOCKET, '%s is answered bad_message'],
      [SOCKET, 'a thousand bad ones, end the socket'],
    ],
    [
      'packets that claim, announce or refer to what never comes',
      'the socket ends',
      [SOCKET, '%s ends its socket, and the server goes on'],
    ],
    [
      'frames beyond the limit, without end, compressed',
      '1009; compression is not spoken',
      [SOCKET, 'closes its socket with 1009'],
      [SOCKET, 'endless fragments are cut'],
      [SOCKET, 'compression is not spoken'],
    ],
    ['calls without end from who reads nothing', 'the line is cut', [SOCKET, 'who asks for ever and reads no answer is cut off']],
    [
      'sizes of no terminal, ten thousand a second',
      'within 1 and 1000, taken together',
      [SOCKET, 'any size of a terminal is brought between 1 and 1000'],
    ],
    [
      'input of any bytes, and beyond the window',
      'as it is, and refused by name',
      [SOCKET, 'input of any bytes reaches the program'],
      [SOCKET, 'a paste beyond the window is refused'],
    ],
    [
      'names upwards, absolute, long, with NUL; programs too large',
      'typed',
      [SOCKET, 'a file name that is refused'],
      [SOCKET, 'a program of the largest size runs, one byte more'],
    ],
    [
      'JSON that is deep, double, not finite, half a pair of surrogates, or none',
      'bad_message, or the socket ends',
      [SOCKET, 'JSON that is %s'],
    ],
    [
      'formats and language servers beyond every limit',
      'typed, and the session goes on',
      ['e2e/hostile/rows/66-formatter.ts', 'ASKED_AT_ONCE'],
      ['e2e/hostile/rows/65-language-server.ts', 'inputIsLimited'],
      ['lib/application/sessions/input-queue.test.ts', 'as much as may wait waits'],
    ],
  ]),
  ...rows('command line', [
    [
      'no command, one of nobody, options of nobody',
      'status 2 and the usage',
      [MISUSE, '%s %j is misuse'],
      [COMMANDS, 'what is not understood is said in stderr'],
      ['cli/dragoman/options.test.ts', '%j is not understood: %s'],
    ],
    [
      'a language that nobody has',
      'status 2, and its neighbours',
      [COMMANDS, 'a language nobody has is told with those that are near'],
    ],
    [
      'options in the environment that are none',
      'all told at once, status 2',
      [MISUSE, 'options in the environment that are none'],
    ],
    ['no terminal', 'no colour and no drawing', [MISUSE, 'nothing is coloured or drawn']],
    [
      '--json, and a failure',
      'one document, status 1',
      [MISUSE, 'what is read by programs is one document, also when it failed'],
      [COMMANDS, 'langs --json is one document'],
    ],
    [
      'Ctrl-C, once and twice',
      'ended, and its server too',
      ['cli/dragoman/commands.server.test.ts', 'a signal ends the test, its sessions and its server'],
      ['cli/dragoman/cancel.server.test.ts', 'Ctrl-C twice ends a test at once'],
    ],
    ['a reader that has gone away', 'no error', [COMMANDS, 'a reader that has gone away is no error']],
    [
      'no server, and one that is something else',
      'one line and status 1',
      [COMMANDS, 'a server that does not answer is one line'],
      [MISUSE, 'a server that is no Dragoman and %s is one line'],
    ],
    [
      'control bytes in files, languages and what programs print',
      'spelled out',
      [COMMANDS, 'strangers’ control bytes spelled out'],
      ['cli/dragoman/commands.server.test.ts', 'with what it printed made harmless'],
    ],
    [
      'files that are not there, or wrong',
      'file, line and column, status 1',
      [COMMANDS, 'lint of a file that is not there fails'],
      [COMMANDS, 'lint says file, line and column'],
    ],
  ]),
]

type Row = readonly [input: string, expected: string, ...proofs: Proof[]]

function rows(surface: BadInput['surface'], all: readonly Row[]): BadInput[] {
  return all.map(([input, expected, ...proofs]) => ({ surface, input, expected, proofs }))
}
