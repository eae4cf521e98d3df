import { expect, test } from 'vitest'

import { draft, linkedDraft } from './draft.ts'
import { type Program, programOf } from './program/program.ts'

/** Room in characters for each value, as browsers count it. */
function store(room = Number.POSITIVE_INFINITY) {
  const values = new Map<string, string>()
  return {
    values,
    getItem: (key: string) => values.get(key) ?? null,
    setItem(key: string, value: string) {
      if (value.length > room) throw new Error('QuotaExceededError')
      values.set(key, value)
    },
    removeItem: (key: string) => void values.delete(key),
  }
}

const python = (text: string) => programOf('main.py', text)
const of = (tab: ReturnType<typeof store>, browser: ReturnType<typeof store>) => draft('python', 'main.py', tab, browser)

test('a tab finds its own text again, a new tab the last written', () => {
  const browser = store()
  const [left, right] = [of(store(), browser), of(store(), browser)]
  left.write(python('left'))
  right.write(python('right'))

  expect([left.read(), right.read()]).toEqual([python('left'), python('right')])
  expect(of(store(), browser).read()).toEqual(python('right'))
  expect(draft('ruby', 'main.rb', store(), browser).read()).toBeUndefined()
})

test('files, arguments, flags and input are kept', () => {
  const whole: Program = {
    files: [
      { path: 'main.py', text: 'import a' },
      { path: 'a.py', text: '' },
    ],
    args: '-v "x y"',
    flags: '-O2',
    input: '1\n2\n',
  }
  const [tab, browser] = [store(), store()]
  of(tab, browser).write(whole)

  expect(of(tab, browser).read()).toEqual(whole)
})

test('an emptied text is kept as empty, a forgotten one is gone', () => {
  const kept = of(store(), store())
  kept.write(python(''))
  expect(kept.read()).toEqual(python(''))

  kept.forget()
  expect(kept.read()).toBeUndefined()
})

test('one store without room leaves the other, none is told', () => {
  expect(of(store(3), store()).write(python('long'))).toBe(true)
  expect(of(store(3), store(3)).write(python('long'))).toBe(false)
})

test('a text kept by an earlier release is found, and gives way to what is written next', () => {
  const [tab, browser] = [store(), store()]
  browser.setItem('dragoman.draft.python', 'print(1)')
  const kept = of(tab, browser)
  expect(kept.read()).toEqual(python('print(1)'))

  kept.write(python('print(2)'))

  expect(of(store(), browser).read()).toEqual(python('print(2)'))
  expect(browser.getItem('dragoman.draft.python')).toBeNull()
})

test('an earlier release’s text of this tab stands before a newer program of another', () => {
  const [tab, browser] = [store(), store()]
  tab.setItem('dragoman.draft.python', 'mine')
  of(store(), browser).write(python('theirs'))

  expect(of(tab, browser).read()).toEqual(python('mine'))
})

test('an earlier release’s text stays when there is no room for the new form', () => {
  const browser = store()
  browser.setItem('dragoman.draft.python', 'print(1)')
  const full = { ...browser, setItem: () => { throw new Error('QuotaExceededError') } } // prettier-ignore

  expect(of({ ...store(), ...full }, full as never).write(python('print(2)'))).toBe(false)
  expect(browser.getItem('dragoman.draft.python')).toBe('print(1)')
})

test('what is damaged is nothing', () => {
  const browser = store()
  for (const text of ['', '{', 'null', '[]', '{"files":[["../x",""]]}']) {
    browser.setItem('dragoman.program.python', text)
    expect(of(store(), browser).read()).toBeUndefined()
  }
})

test('changes in a link’s program are kept for that link, apart from the visitor’s own', () => {
  const [tab, browser] = [store(), store()]
  of(tab, browser).write(python('mine'))
  linkedDraft('python', 'main.py', '1.abc', tab, browser).write(python('theirs, changed'))

  expect(of(tab, browser).read()).toEqual(python('mine'))
  expect(linkedDraft('python', 'main.py', '1.abc', store(), browser).read()).toEqual(python('theirs, changed'))
  expect(linkedDraft('python', 'main.py', '1.other', tab, browser).read()).toBeUndefined()
  browser.setItem('dragoman.linked.python', 'null')
  expect(linkedDraft('python', 'main.py', '1.abc', store(), browser).read()).toBeUndefined()
})
