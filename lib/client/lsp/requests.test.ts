import { expect, test } from 'vitest'

import { answerTo, pathOf, uriOf } from './requests.ts'

const CONFIG = { python: { analysis: { strict: true } }, 'a.b': 1 }
const nobody = () => undefined

test.each([
  [{ items: [{ section: 'python.analysis' }] }, [{ strict: true }]],
  [{ items: [{ section: 'python' }, { section: 'other' }] }, [{ analysis: { strict: true } }, null]],
  [{ items: [{ section: 'a.b' }] }, [1]],
  [{ items: [{}, null, { section: '' }] }, [CONFIG, CONFIG, CONFIG]],
  [{ items: [{ section: 'constructor.name' }, { section: '__proto__' }] }, [null, null]],
  [{ items: 'x' }, []],
  [null, []],
])('asked for the settings %j, it answers %j', (params, result) => {
  expect(answerTo('workspace/configuration', params, CONFIG, nobody)).toEqual({ result })
})

test('without settings each section is null', () => {
  expect(answerTo('workspace/configuration', { items: [{ section: 'x' }, {}] }, undefined, nobody)).toEqual({
    result: [null, null],
  })
})

test('what is registered later is passed on, whatever else stands there', () => {
  const registered: unknown[] = []
  const params = { registrations: [{ method: 'textDocument/hover', registerOptions: { a: 1 } }, { method: 5 }, null] }
  expect(answerTo('client/registerCapability', params, undefined, (...args) => registered.push(args))).toEqual({ result: null })
  expect(registered).toEqual([['textDocument/hover', { a: 1 }]])
})

test.each([
  ['window/workDoneProgress/create', { result: null }],
  ['window/showMessageRequest', { result: null }],
  ['workspace/semanticTokens/refresh', { result: null }],
  ['workspace/applyEdit', { result: { applied: false } }],
  ['window/showDocument', { result: { success: false } }],
  ['workspace/executeCommand', { error: { code: -32601, message: 'Not known here' } }],
])('%s is answered', (method, reply) => expect(answerTo(method, {}, undefined, nobody)).toEqual(reply))

test.each(['main.py', 'src/Main.java', 'ünï x.py', '100%.py', 'a#b?c'])('%s is found by its address again', (path) => {
  expect(pathOf(uriOf(path))).toBe(path)
})

test.each(['file:///usr/lib/os.py', 'https://x', '', 'file:///home/visitor', 'file:///home/visitor/%'])(
  '%j is no file of the program',
  (uri) => expect(pathOf(uri)).toBeUndefined(),
)
