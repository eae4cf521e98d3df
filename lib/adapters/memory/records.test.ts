import { describe } from 'vitest'

import { recordsContract } from '#lib/application/ports/records.contract.ts'
import { memoryRecords } from './records.ts'

describe('memoryRecords', () => {
  recordsContract(async () => memoryRecords())
})
