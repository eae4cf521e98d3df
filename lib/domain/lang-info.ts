import { z } from 'zod'

import { link, oneOrMore, words } from './lang-fields.ts'

const says = <T extends z.ZodType>(schema: T, sentence: string) => schema.describe(sentence)

/** What is known about a language; nothing here changes how it runs. */
export const langInfo = z.strictObject({
  impl: says(words(100), 'The implementation that runs here').optional(),
  version: says(words(100), 'The edition of the language, where it has several').optional(),
  year: says(z.int().min(1900).max(2100), 'The year it first came out').optional(),
  by: says(oneOrMore(words(100)), 'Who made the language').optional(),
  desc: says(words(), 'One sentence about it, without a full stop').optional(),
  ext: says(oneOrMore(words(20)), 'Endings of its file names, without the dot').optional(),
  web: says(
    z.strictObject({
      wiki: says(link(), 'Its encyclopedia page').optional(),
      esolang: says(link(), 'Its page in the wiki of esoteric languages').optional(),
      home: says(link(), 'Its own site').optional(),
      impl: says(link(), "The implementation's site").optional(),
      source: says(link().nullable(), 'Where its source code is; null where that is not public').optional(),
    }),
    'Links to read on',
  ).optional(),
  category: says(oneOrMore(words(50)), 'general, shell, database, tool, esoteric, …').optional(),
  mode: says(oneOrMore(words(50)), 'compiled or interpreted').optional(),
  platform: says(oneOrMore(words(50)), 'What it runs on, such as jvm or js').optional(),
  syntax: says(oneOrMore(words(50)), 'The family its looks belong to').optional(),
  typing: says(oneOrMore(words(50)), 'static, dynamic, …').optional(),
  paradigm: says(oneOrMore(words(50)), 'imperative, functional, logic, …').optional(),
  usage: says(oneOrMore(words(50)), 'What it is mostly used for').optional(),
})
