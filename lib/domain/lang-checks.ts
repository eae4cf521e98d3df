import { z } from 'zod'

import { command, list, someText, text, TEXT_CHARS_MAX, words } from './lang-fields.ts'

const says = <T extends z.ZodType>(schema: T, sentence: string) => schema.describe(sentence)

export const SKIPPABLE = ['ensure', 'run', 'repl', 'runrepl', 'scope', 'format', 'lsp'] as const

/** The fields of a config that say how the language is tested. */
export const checkFields = {
  hello: says(someText(), 'What the template prints (default: Hello, world!)').optional(),
  helloInput: says(text(), 'Lines typed so that it does; `DELAY: 2` waits two seconds').optional(),
  helloMaxLength: says(
    z.int().min(1).max(TEXT_CHARS_MAX),
    'Makes `hello` a regular expression, whose match is no longer than this',
  ).optional(),
  helloStatus: says(z.int().min(0).max(255), 'The status the template must end with').optional(),
  input: says(someText(), 'What the repl check types (default: 123 * 234)').optional(),
  output: says(someText(), 'What must then appear (default: 28782)').optional(),
  runReplInput: says(someText(), 'The same for the prompt after a run (default: `input`)').optional(),
  runReplOutput: says(someText(), 'What must then appear (default: `output`)').optional(),
  scope: says(
    z.strictObject({
      code: says(someText(), 'Code that gives a name a value'),
      after: says(someText(), 'The line of the template it goes after (default: at the end)').optional(),
      input: says(someText(), 'What is typed after the run (default: x)').optional(),
      output: says(someText(), 'What must then appear (default: 28782)').optional(),
    }),
    "Whether the prompt after a run sees the program's names",
  ).optional(),
  ensure: says(command(), 'Shell that succeeds where the language is installed as it should be').optional(),
  timeoutFactor: says(z.number(), 'Times 20 s for each check; the result is kept between 1 and 120 s').optional(),
  skip: says(z.array(z.enum(SKIPPABLE)).max(SKIPPABLE.length), 'Checks that are left out').optional(),
  skipReasons: says(z.partialRecord(z.enum(SKIPPABLE), words()), 'Why, for each of `skip`').optional(),
}

/** Formatter and language server, each with its check; packages at run time. */
export const toolFields = {
  format: says(
    z.strictObject({
      run: says(command(), 'Shell that formats'),
      input: says(someText(), 'What its check formats (default: the template, out of shape)').optional(),
      output: says(someText(), 'What must come of it (default: the template)').optional(),
    }),
    'Formatter from stdin to stdout',
  ).optional(),
  lsp: says(
    z.strictObject({
      setup: says(command(), 'Shell before it starts').optional(),
      start: says(command(), 'Shell that becomes the server'),
      auto: says(
        z.boolean(),
        'Whether it starts with the page; for one that is up within a second (default: by a button)',
      ).optional(),
      disableDynamicRegistration: says(z.boolean(), 'Whether the client says it cannot be asked for more later').optional(),
      init: says(z.unknown(), 'Its initialization options').optional(),
      config: says(z.unknown(), 'Its settings, when it asks for them').optional(),
      lang: says(words(50), "The language's name in its protocol (default: the id)").optional(),
      code: says(someText(), 'What its check types'),
      after: says(someText(), 'The part of the template it goes after (default: at the end)').optional(),
      item: says(words(), 'What must then be offered'),
    }),
    'Language server on stdio',
  ).optional(),
  pkg: says(
    z.strictObject({
      install: says(withName(), 'Shell that adds one'),
      uninstall: says(withName(), 'Shell that removes one').optional(),
      all: says(command(), 'Shell that lists what can be had').optional(),
      search: says(withName(), 'Shell that finds some').optional(),
    }),
    'Packages while a session runs; `NAME` stands for the name',
  ).optional(),
}

export const owners = list(words(100).regex(/^@?[A-Za-z0-9][A-Za-z0-9/_.-]*$/, 'must be the name of an account'))

function withName() {
  return command().refine((shell) => shell.includes('NAME'), 'must hold NAME')
}
