import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import { highlightTree } from '@lezer/highlight'
import { expect, test } from 'vitest'
import { parse } from 'yaml'

import { COLOURS } from './editor-base.ts'
import { loadHighlighting } from './highlighting.ts'

const LANGS = join(import.meta.dirname, '../../langs')
const configs = readdirSync(LANGS)
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => parse(readFileSync(join(LANGS, file), 'utf8')) as { id: string; monacoLang: string; template: string })

/** Pieces of the text that get a colour, with the name of the style that gives it. */
async function coloured(hint: string, text: string): Promise<[text: string, style: string][]> {
  const language = await loadHighlighting(hint)
  if (!language) throw new Error(`There is no highlighting called "${hint}"`)
  const pieces: [string, string][] = []
  highlightTree(language.parser.parse(text), COLOURS, (from, to, style) => pieces.push([text.slice(from, to), style]))
  return pieces
}

test.each(configs.map((config) => [config.id, config] as const))('%s is coloured', async (_, { monacoLang, template }) => {
  const styles = new Set((await coloured(monacoLang, template)).map(([, style]) => style))
  expect(styles.size).toBeGreaterThanOrEqual(2)
})

test('a hint that nobody knows, or that every object has, loads nothing', async () => {
  expect(await loadHighlighting('klingon')).toBeUndefined()
  expect(await loadHighlighting('constructor')).toBeUndefined()
})

test.each([
  ['prolog', 'known(X). % known\n', ['known', 'X', '% known']],
  ['jsonnet', 'local a = /* one\ntwo */ 1;', ['local', '/* one', 'two */', '1']],
  ['elixir', 'x = """\nfn\n"""\nfn', ['"""', 'fn', '"""', 'fn']],
  ['basic', '10 print "a\\"\n20 Rem print', ['10', 'print', '"a\\"', '20', 'Rem print']],
  ['intercal', 'PLEASE NOTE anything\nDO .1 <- #1', ['PLEASE NOTE anything', 'DO', '.1', '#1']],
  ['markdown', '# Title\n```\n*code*\n```\n*text*', ['# Title', '```', '*code*', '```', '*text*']],
  ['php', "<?php $a = 'x'; // y", ['<?php', '$a', "'x'", '// y']],
])('%s tells %j apart', async (hint, text, pieces) => {
  expect((await coloured(hint, text)).map(([piece]) => piece)).toEqual(pieces)
})
