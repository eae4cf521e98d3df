'use client'

import { useId } from 'react'

import { splitWords, wordsProblem } from './program/words.ts'
import type { Playground, PlayLanguage } from './use-playground.ts'

/** What goes along with a run: arguments and flags where the language hands them on, and what the program reads. */
export function ProgramInputs({ language, play }: { language: PlayLanguage; play: Playground }) {
  const { args, flags, input } = play.program.program
  const parts = [language.takesArgs && 'arguments', language.takesFlags && 'flags', 'input'].filter((part) => part !== false)
  const words = parts.length > 1 ? `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}` : 'input'
  const isSet = (language.takesArgs && args !== '') || (language.takesFlags && flags !== '') || input !== ''
  return (
    <details className="inputs">
      <summary>
        {words[0]?.toUpperCase() + words.slice(1)}
        {isSet ? (
          <span className="inputs-set">
            {' '}
            · {summary([language.takesFlags && flags, language.takesArgs && args, input && 'input given'])}
          </span>
        ) : undefined}
      </summary>
      <div className="inputs-fields">
        {language.takesFlags ? (
          <WordsField label="Compiler flags" value={flags} change={(flags) => play.desk.set({ flags })} />
        ) : undefined}
        {language.takesArgs ? (
          <WordsField label="Arguments" value={args} change={(args) => play.desk.set({ args })} />
        ) : undefined}
        <InputField value={input} change={(input) => play.desk.set({ input })} />
      </div>
    </details>
  )
}

const summary = (parts: readonly (string | false)[]) => parts.filter((part) => part !== false && part !== '').join(' · ')

type FieldProps = { value: string; change: (value: string) => void }

function WordsField({ label, value, change }: FieldProps & { label: string }) {
  const id = useId()
  const split = splitWords(value)
  return (
    <p className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="text"
        value={value}
        onChange={({ target }) => change(target.value)}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={!split.ok}
        aria-describedby={`${id}-why`}
      />
      <span id={`${id}-why`} className="field-note">
        {split.ok ? undefined : wordsProblem(split.error)}
      </span>
    </p>
  )
}

function InputField({ value, change }: FieldProps) {
  const id = useId()
  return (
    <p className="field">
      <label htmlFor={id}>Input</label>
      <textarea
        id={id}
        rows={3}
        value={value}
        onChange={({ target }) => change(target.value)}
        autoCapitalize="off"
        spellCheck={false}
        aria-describedby={`${id}-why`}
      />
      <span id={`${id}-why`} className="field-note">
        {value === ''
          ? 'Empty: the program reads what is typed into the terminal.'
          : 'The program reads this, and then the end of input.'}
      </span>
    </p>
  )
}
