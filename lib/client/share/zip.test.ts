import { crc32 as reference } from 'node:zlib'
import { expect, test } from 'vitest'

import { crc32, zip } from './zip.ts'

test.each(['', 'a', 'print("ü")\n', 'x'.repeat(100_000)])('the checksum of %j is the one everybody has', (text) => {
  const bytes = new TextEncoder().encode(text)
  expect(crc32(bytes)).toBe(reference(bytes))
})

/** Read by Python's zipfile and Info-ZIP on the day it was made. */
const KNOWN =
  'UEsDBBQAAAgAAAAAIQDbEuW4DAAAAAwAAAAHAAAAbWFpbi5weXByaW50KCLDvCIpClBLAwQUAAAIAAAAACEAAAAAAAAAAAAAAAAACgAAAHNyYy/DvC50eHRQSwECFAAUAAAIAAAAACEA2xLluAwAAAAMAAAABwAAAAAAAAAAAAAAAAAAAAAAbWFpbi5weVBLAQIUABQAAAgAAAAAIQAAAAAAAAAAAAAAAAAKAAAAAAAAAAAAAAAAADEAAABzcmMvw7wudHh0UEsFBgAAAAACAAIAbQAAAFkAAAAAAA=='

test('an archive is byte for byte the one that other programs read', () => {
  const files = [
    { path: 'main.py', text: 'print("ü")\n' },
    { path: 'src/ü.txt', text: '' },
  ]
  expect(Buffer.from(zip(files)).toString('base64')).toBe(KNOWN)
})
