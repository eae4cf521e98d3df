import { expect, test } from 'vitest'

import { guessNeeds } from './lang-needs.ts'

test.each([
  [['gcc -o main main.c', './main'], ['gcc']],
  [['python3 -i main.py', 'python3'], ['python3']],
  [["LANG=C FOO='a b' awk -f main.awk"], ['awk']],
  [['cd /tmp && make'], []],
  [['if true; then zsh; fi'], []],
  [['"$HOME/bin/x"'], []],
  [['(lua main.lua)'], []],
  [['/opt/x/bin/y'], []],
  [['  ghci\n:load'], ['ghci']],
  [['false || true'], []],
  [[undefined, ''], []],
])('%j needs %j', (commands, needs) => {
  expect(guessNeeds(commands)).toEqual(needs)
})
