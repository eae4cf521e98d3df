import { describe } from 'vitest'

import { placesContract } from '#lib/application/ports/places.contract.ts'
import { recordsContract } from '#lib/application/ports/records.contract.ts'
import { memoryRecords } from './records.ts'

describe('memoryRecords', () => {
  recordsContract(async () => memoryRecords())
  placesContract(async () => memoryRecords(() => Date.now()))
})
