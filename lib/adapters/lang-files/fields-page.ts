import { z } from 'zod'

import { langConfig } from '#lib/domain/lang-config.ts'

import { core, described } from './field-sentence.ts'

const INTRO = `# Language configs

Made from \`lib/domain/lang-config.ts\` by \`node cli/docs.ts\`; change it there.

One YAML file a language, \`<id>.yaml\`: those that come along are in \`langs/\`, more are read from the folder that
\`DRAGOMAN_CONFIGS\` names, where a file of the same id replaces ours. YAML 1.2, one document of at most 256 KiB, without
anchors, aliases and tags; text that looks like a number or a boolean needs quotes. A field that is not in this table is
refused. A file with a mistake is left out and told about, by line and column; the others are served. A name belongs to
one language: an id goes before an alias, and a later folder's alias before an earlier one's.

\`npx dragoman lint [DIR|FILE…]\` says what is wrong, \`npx dragoman test ID --configs DIR\` tries it as a visitor would.

What several languages install may be a file of its own, \`shared/<id>.yaml\` in the same folder, with \`id\` and \`install\` alone;
\`install.riju\` names it.

Commands are for \`/bin/sh -c\` in the visitor's home, as the visitor, inside the sandbox. \`input\`, \`helloInput\` and
the like are lines that are typed, each followed by Enter; \`DELAY: 2\` waits two seconds. Expected output has to be part
of what is printed, colours and other escapes cut out.

What a visitor adds reaches a program by \`"$@"\`: arguments that of \`run\`, compiler flags that of \`compile\`. With text in
the input box the program reads that in place of the terminal (\`[ -t 0 ]\` is then false).

Read and checked, but not acted on yet: \`install\` (save \`apt\`, which is shown where commands are missing, and \`npm\`),
\`pkg\`, \`agent\`, \`owners\`.

| field | value | |
|---|---|---|
`

/** The page that explains every field, from the schema itself. */
export function fieldsPage(): string {
  const rows = fieldsOf(langConfig, '').map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
  return INTRO + rows.join('')
}

type Row = readonly [field: string, value: string, sentence: string]

function fieldsOf(schema: z.ZodType, path: string): Row[] {
  const it = core(schema)
  if (!(it instanceof z.ZodObject)) return []
  return Object.entries(it.shape as Record<string, z.ZodType>).flatMap(([name, field]) => {
    const whole = `${path}${name}`
    const required = path === '' && !(field instanceof z.ZodOptional) ? ', required' : ''
    return [[`\`${whole}\``, kindOf(field) + required, described(field) ?? ''] as const, ...fieldsOf(field, `${whole}.`)]
  })
}

function kindOf(schema: z.ZodType): string {
  const it = core(schema)
  if (it instanceof z.ZodObject) return 'fields, see below'
  if (it instanceof z.ZodArray) return `list of ${kindOf(it.element as z.ZodType)}`
  if (it instanceof z.ZodRecord) return 'names, each with text'
  if (it instanceof z.ZodUnion) return (it.options as z.ZodType[]).map(unionMember).join(' or ')
  if (it instanceof z.ZodEnum) return it.options.map((option) => `\`${option}\``).join(', ')
  if (it instanceof z.ZodBoolean) return 'true or false'
  if (it instanceof z.ZodNumber) return numberWords(it)
  return it instanceof z.ZodString ? 'text' : 'anything'
}

function unionMember(schema: z.ZodType): string {
  return schema instanceof z.ZodObject ? `{${Object.keys(schema.shape).join(', ')}}` : kindOf(schema)
}

function numberWords({ minValue, maxValue, format }: z.ZodNumber): string {
  const kind = format === 'safeint' ? 'whole number' : 'number'
  return minValue !== null && maxValue !== null && Number.isFinite(minValue) ? `${kind} from ${minValue} to ${maxValue}` : kind
}
