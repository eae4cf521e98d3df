import { z } from 'zod'

import { langConfig } from '#lib/domain/lang-config.ts'

/** The sentence that explains a field, by its path in a config; of a list's entry, the list's. */
export function fieldSentence(path: readonly PropertyKey[]): string | undefined {
  let schema: z.ZodType | undefined = langConfig
  let sentence: string | undefined
  for (const key of path) {
    schema = schema && inside(schema, key)
    if (!schema) return sentence
    sentence = described(schema) ?? sentence
  }
  return sentence
}

/** A field's own sentence, which stands below what makes it optional. */
export function described(schema: z.ZodType): string | undefined {
  if (schema.description !== undefined) return schema.description
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? described(schema.unwrap() as z.ZodType) : undefined
}

/** The schema below optional and nullable. */
export function core(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodOptional || schema instanceof z.ZodNullable ? core(schema.unwrap() as z.ZodType) : schema
}

function inside(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  const it = core(schema)
  if (it instanceof z.ZodObject) return (it.shape as Record<PropertyKey, z.ZodType | undefined>)[key]
  if (it instanceof z.ZodArray) return it.element as z.ZodType
  if (it instanceof z.ZodRecord) return it.valueType as z.ZodType
  return undefined
}
