import { z } from 'zod'

import { checkFields, owners, toolFields } from './lang-checks.ts'
import { command, compiles, list, pattern, plainName, relativePath, someText, text, words } from './lang-fields.ts'
import { langInfo } from './lang-info.ts'
import { langInstall, sharedConfig } from './lang-install.ts'
import { langLimits } from './lang-limits.ts'
import { aliasField, langIdField } from './lang-names.ts'

const says = <T extends z.ZodType>(schema: T, sentence: string) => schema.describe(sentence)

/** Where a command takes what a visitor adds to it. */
export const ARGUMENTS = '"$@"'

/** One `langs/<id>.yaml`. A field that is not named here is refused; each carries the sentence that explains it. */
export const langConfig = z
  .strictObject({
    id: says(langIdField, 'What stands in the address, and names the file'),
    aliases: says(z.array(aliasField).max(30), 'Other names that lead to it').optional(),
    name: says(words(100), 'What people call it'),
    monacoLang: says(words(50).regex(/^[a-z0-9-]+$/), 'Hint for highlighting').optional(),
    info: says(langInfo, 'What is known about it').optional(),
    install: says(langInstall, 'How its package is built').optional(),
    shared: says(list(sharedConfig), 'What `install.riju` leads to: put in from `shared/` when a build is asked for').optional(),

    main: says(relativePath(), 'The file a program is written to; may hold folders'),
    template: says(someText(), 'The program a visitor finds; prints Hello, world!'),
    prefix: says(someText(), 'Put before every program, with a line end').optional(),
    suffix: says(someText(), 'Put after every program, after a line end').optional(),
    createEmpty: says(text(), 'Text of `main` while the bare prompt is open, where the prompt reads that file').optional(),
    setup: says(command(), 'Shell run once, before anything else').optional(),
    daemon: says(command(), 'Shell that stays in the background of a session').optional(),
    compile: says(command(), 'Shell that makes something to run').optional(),
    run: says(command(), 'Shell that runs the program; best ends in a prompt that knows its names'),
    repl: says(command(), 'Shell that opens a bare prompt').optional(),
    ...checkFields,
    ...toolFields,

    prompt: says(pattern(), 'What the last line looks like when the prompt waits: a regular expression').optional(),
    needs: says(list(plainName(100)), 'Commands that must be there').optional(),
    versionCommand: says(command(), 'Shell that prints the version').optional(),
    args: says(list(words()), 'Arguments to begin with, for a `run` that hands them on by "$@"').optional(),
    flags: says(list(words()), 'Compiler flags to begin with, for a `compile` that hands them on by "$@"').optional(),
    limits: says(langLimits, 'Limits other than the usual').optional(),
    agent: says(
      words(40).regex(/^\d[0-9A-Za-z.+-]*$/, 'must be a version such as 1.2.3'),
      'Release of the agent to keep',
    ).optional(),
    owners: says(owners, 'Who may approve its changes').optional(),
  })
  .check((ctx) => {
    const config = ctx.value
    const refuse = (path: (string | number)[], message: string) =>
      ctx.issues.push({ code: 'custom', input: config, path, message })

    const after = config.scope?.after
    if (after !== undefined && !config.template.includes(after)) refuse(['scope', 'after'], 'must be part of the template')
    if (config.flags && !config.compile?.includes(ARGUMENTS)) refuse(['flags'], 'needs a compile that hands them on by "$@"')
    if (config.helloMaxLength !== undefined && !compiles(config.hello ?? '')) {
      refuse(['hello'], 'must be a regular expression that compiles, since helloMaxLength is set')
    }
    const seen = new Set([config.id.toLowerCase()])
    config.aliases?.forEach((alias, i) => {
      if (seen.has(alias.toLowerCase())) refuse(['aliases', i], `repeats the name ${JSON.stringify(alias)}`)
      seen.add(alias.toLowerCase())
    })
  })

export type LangConfig = z.infer<typeof langConfig>
