import { type Check, CHECKS } from '#lib/domain/language.ts'

import { type Checked, isGreen, type LanguageResult, type Results } from './results.ts'

const HEAD = ['id', 'version found', 'image, MiB', ...CHECKS, 'date']

/** docs/languages.md of what is in docs/languages.json. */
export function languagesPage({ base, languages }: Results): string {
  const sorted = languages.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  const green = sorted.filter(isGreen).length
  return [
    '# Languages on images',
    '',
    `Made by \`npm run languages\`, which builds every language of \`langs/\` into an image on ${base} and does there every check`,
    'that its config declares. A dash is a check that the config does not declare. The size is that of all layers as they are',
    'stored, those of the base among them, which all images share.',
    '',
    `${green} of ${sorted.length} languages passed all they declare, among them ${passed(sorted, 'format')} formatters and`,
    `${passed(sorted, 'lsp')} language servers.`,
    '',
    ...table([HEAD, ...sorted.map(row)]),
    ...section('Left out', sorted.flatMap(leftOut)),
    ...section('Failed', sorted.flatMap(failures)),
    '',
  ].join('\n')
}

const passed = (languages: readonly LanguageResult[], check: Check) =>
  languages.filter(({ checks }) => checks[check] === 'ok').length

function row({ id, version, imageMiB, checks, date }: LanguageResult): string[] {
  return [id, version ?? '', imageMiB === undefined ? '' : String(imageMiB), ...CHECKS.map((check) => cell(checks[check])), date]
}

function cell(checked: Checked): string {
  if (typeof checked === 'object') return 'skipped' in checked ? 'left out' : '**failed**'
  return { ok: 'ok', undeclared: '–', untested: '' }[checked]
}

const leftOut = ({ id, checks }: LanguageResult) =>
  CHECKS.flatMap((check) => {
    const checked = checks[check]
    return typeof checked === 'object' && 'skipped' in checked ? [`${id} ${check}: ${plain(checked.skipped)}`] : []
  })

function failures({ id, checks, reason }: LanguageResult): string[] {
  const failed = CHECKS.flatMap((check) => {
    const checked = checks[check]
    return typeof checked === 'object' && 'failed' in checked ? [`${id} ${check}: ${plain(checked.failed)}`] : []
  })
  return failed.length === 0 && reason !== undefined ? [`${id}: ${plain(reason)}`] : failed
}

const section = (title: string, lines: readonly string[]) =>
  lines.length === 0 ? [] : ['', `## ${title}`, '', ...lines.map((line) => `- ${line}`)]

const table = ([head = [], ...rows]: readonly (readonly string[])[]) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.map(plain).join(' | ')} |`)

/** What programs print becomes one line of plain words: neither a cell's end nor markup. */
const plain = (text: string) =>
  text
    .replaceAll(/\s+/g, ' ')
    .trim()
    .replaceAll(/[|<`\\]/g, '\\$&')
