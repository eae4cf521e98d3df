import { defaultWords } from './flags.ts'
import { type Option, OPTIONS } from './table.ts'

/** docs/CONFIG.md. */
export function configPage(): string {
  const rows = Object.values<Option<unknown>>(OPTIONS).map(
    (option) =>
      `| \`${option.env}\` | \`${option.flag}\` | ${cell(option.kind.form)} | ${cell(defaultWords(option))} | ${cell(option.sentence)} |`,
  )
  return [
    '# Configuration',
    '',
    'Made from `lib/config/table.ts` by `node cli/docs.ts`; change it there.',
    '',
    'Each option is an environment variable, or a flag after `npm start --`, which goes first. An empty value counts as none.',
    'Everything is checked before anything starts, and all that is wrong is told at once (exit 2).',
    '',
    '| variable | flag | value | default | |',
    '|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n')
}

const cell = (words: string) => words.replaceAll('|', '\\|')
