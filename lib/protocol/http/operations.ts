import type { z } from 'zod'

import { BUILD_OPERATIONS } from './build-operations.ts'
import { LANGUAGE_OPERATIONS } from './language-operations.ts'
import { PEOPLE_OPERATIONS } from './people-operations.ts'

/** All that can be asked, each once. */
export const OPERATIONS = { ...LANGUAGE_OPERATIONS, ...BUILD_OPERATIONS, ...PEOPLE_OPERATIONS } as const
export type Operations = typeof OPERATIONS
export type OperationId = keyof Operations

type Parsed<Id extends OperationId, Part extends string> = Operations[Id] extends { readonly [P in Part]: infer Schema }
  ? z.output<Schema>
  : undefined
/** A request after parsing; parts that the operation has not are undefined. */
export type OperationInput<Id extends OperationId> = {
  readonly params: Parsed<Id, 'params'>
  readonly query: Parsed<Id, 'query'>
  readonly body: Parsed<Id, 'body'>
}
/** What it answers, before it is JSON. */
export type OperationAnswer<Id extends OperationId> = Operations[Id] extends { readonly answer: infer Schema }
  ? z.input<Schema>
  : undefined
