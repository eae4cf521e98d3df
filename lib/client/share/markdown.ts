import type { Program } from '../program/program.ts'

/** A program to paste where Markdown is read: each file in a fence that nothing in it can close, then the link. */
export function markdownOf(name: string, fence: string, { files, args, flags, input }: Program, link: string): string {
  const parts = files.flatMap(({ path, text }) => [...(files.length > 1 ? [`\`${path}\``] : []), fenced(fence, text)])
  const extras = [
    ...(args === '' ? [] : [`Arguments: ${inline(args)}`]),
    ...(flags === '' ? [] : [`Flags: ${inline(flags)}`]),
    ...(input === '' ? [] : ['Input:', fenced('', input)]),
  ]
  return `${[...parts, ...extras, `[Run this ${name} program](${link})`].join('\n\n')}\n`
}

function fenced(language: string, text: string): string {
  const ticks = longest(text, /`{3,}/g, 2)
  return `${ticks}\`${language}\n${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${ticks}\``
}

function inline(text: string): string {
  const ticks = longest(text, /`+/g, 0)
  return `${ticks}\` ${text} ${ticks}\``
}

/** As many back quotes as the longest run in `text` has, and `least` at the least. */
const longest = (text: string, runs: RegExp, least: number) =>
  '`'.repeat(Math.max(least, ...[...text.matchAll(runs)].map(([run]) => run.length)))
