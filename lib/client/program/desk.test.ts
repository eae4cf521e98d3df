import { expect, test } from 'vitest'

import { openDesk } from './desk.ts'
import { type Program, programOf } from './program.ts'

const TEMPLATE = programOf('main.py', 'print()\n')

/** A desk with an editor that only notes what it is told, and a draft in memory. */
function world({ own, room = true }: { own?: Program; room?: boolean } = {}) {
  const told: string[] = []
  let kept = own
  const draft = {
    read: () => kept,
    write: (program: Program) => room && ((kept = program), true),
    forget: () => (kept = undefined),
  }
  const desk = openDesk(TEMPLATE)
  desk.showOwn(draft)
  desk.attach({
    show: (path, text) => told.push(`show ${path} ${JSON.stringify(text)}`),
    write: (path, text) => told.push(`write ${path} ${JSON.stringify(text)}`),
    rename: (from, to) => told.push(`rename ${from} ${to}`),
    replace: () => told.push('replace'),
  })
  told.length = 0
  return { desk, draft, told, kept: () => kept, paths: () => desk.view().program.files.map(({ path }) => path) }
}

test('each change is kept, one back to the template needs no keeping', () => {
  const { desk, kept } = world()
  desk.edited('main.py', 'print(1)\n')
  expect(kept()).toEqual(programOf('main.py', 'print(1)\n'))
  desk.set({ args: '-v', input: '1' })
  expect(kept()).toMatchObject({ args: '-v', input: '1' })

  desk.set({ args: '', input: '' })
  desk.edited('main.py', 'print()\n')

  expect(kept()).toBeUndefined()
})

test('a browser that keeps nothing is told of', () => {
  const { desk } = world({ room: false })
  desk.edited('main.py', 'x')
  expect(desk.view().isKept).toBe(false)
})

test('a new file is shown, and named by the rules', () => {
  const { desk, told, paths } = world()
  expect(desk.add('../x')).toBe('That file name cannot be used')
  expect(desk.add('lib.py')).toBeUndefined()
  expect(told).toEqual(['show lib.py ""'])
  expect([desk.view().active, paths()]).toEqual(['lib.py', ['main.py', 'lib.py']])
})

test('the main file is neither renamed nor closed', () => {
  const { desk, paths } = world()
  desk.rename('main.py', 'other.py')
  desk.close('main.py')
  expect(paths()).toEqual(['main.py'])
})

test('a renamed file keeps its text and stays shown', () => {
  const { desk, told } = world()
  desk.add('lib.py')
  desk.edited('lib.py', 'x = 1')
  expect(desk.rename('lib.py', 'main.py')).toBe('There is a file of this name')

  desk.rename('lib.py', 'util.py')

  expect(told.at(-1)).toBe('rename lib.py util.py')
  expect(desk.view()).toMatchObject({ active: 'util.py', program: { files: [{}, { path: 'util.py', text: 'x = 1' }] } })
})

test('a closed file comes back where it was, and what was done meanwhile stays', () => {
  const { desk, paths } = world()
  for (const path of ['a.py', 'b.py']) desk.add(path)
  desk.edited('a.py', 'a')
  desk.close('a.py')
  expect(desk.view()).toMatchObject({ active: 'b.py', notice: { words: 'a.py is closed.', undo: true } })
  desk.edited('main.py', 'new')

  desk.undo()

  expect(paths()).toEqual(['main.py', 'a.py', 'b.py'])
  expect(desk.view().program.files.map(({ text }) => text)).toEqual(['new', 'a', ''])
  expect(desk.view().notice).toBeUndefined()
})

test('closing the shown file shows the one before it', () => {
  const { desk, told } = world()
  for (const path of ['a.py', 'b.py']) desk.add(path)
  desk.close('b.py')
  expect(told.at(-1)).toBe('show a.py ""')
})

test('a reset can be taken back as a whole', () => {
  const { desk, told, kept } = world()
  desk.edited('main.py', 'mine')
  desk.add('a.py')
  desk.set({ input: 'x' })
  const mine = desk.view().program

  desk.reset()

  expect(desk.view()).toMatchObject({ program: TEMPLATE, active: 'main.py', notice: { undo: true } })
  expect(told.slice(-2)).toEqual(['write main.py "print()\\n"', 'show main.py "print()\\n"'])
  expect(kept()).toBeUndefined()
  desk.undo()
  expect(desk.view().program).toEqual(mine)
  expect(kept()).toEqual(mine)
})

test('a reset of what nobody changed says nothing', () => {
  const { desk } = world()
  desk.reset()
  expect(desk.view().notice).toBeUndefined()
})

test('a link’s program is shown beside the visitor’s own, which no link can harm', () => {
  const own = programOf('main.py', 'mine')
  const { desk, told, draft, kept } = world({ own })
  let linked: Program | undefined
  const beside = {
    read: () => linked,
    write: (program: Program) => ((linked = program), true),
    forget: () => (linked = undefined),
  }

  desk.showLinked(programOf('main.py', 'theirs'), beside)

  expect(told).toEqual(['replace', 'show main.py "theirs"'])
  expect(desk.view().isLinked).toBe(true)
  desk.edited('main.py', 'theirs, changed')
  expect([kept(), linked]).toEqual([own, programOf('main.py', 'theirs, changed')])
  desk.reset()
  expect([desk.view().program, linked]).toEqual([programOf('main.py', 'theirs'), undefined])
  desk.showOwn(draft)
  expect(desk.view()).toMatchObject({ isLinked: false, program: own })
})
