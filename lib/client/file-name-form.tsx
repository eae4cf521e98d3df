'use client'

import { useId, useState } from 'react'

type Props = {
  label: string
  first: string
  act: string
  /** Answers why the name cannot be taken. */
  take: (name: string) => string | undefined
  done: () => void
}

/** Asks for a file's name in the place of the tabs. */
export function FileNameForm({ label, first, act, take, done }: Props) {
  const [why, setWhy] = useState<string>()
  const id = useId()
  return (
    <form
      className="file-name-form"
      onSubmit={(event) => {
        event.preventDefault()
        const name = new FormData(event.currentTarget).get('name')
        const refused = take(typeof name === 'string' ? name.trim() : '')
        if (refused === undefined) done()
        else setWhy(refused)
      }}
    >
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        name="name"
        type="text"
        defaultValue={first}
        ref={selectStem}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        aria-invalid={why !== undefined}
        aria-describedby={`${id}-why`}
        onKeyDown={({ key }) => key === 'Escape' && done()}
      />
      <button type="submit" className="button quiet">
        {act}
      </button>
      <button type="button" className="button quiet" onClick={done}>
        Cancel
      </button>
      <span id={`${id}-why`} className="problem" role="alert">
        {why}
      </span>
    </form>
  )
}

/** Selects the name without its ending, which is what is changed most often. */
function selectStem(input: HTMLInputElement | null) {
  const dot = input?.value.lastIndexOf('.') ?? -1
  input?.focus()
  input?.setSelectionRange(0, dot > 0 ? dot : input.value.length)
}
