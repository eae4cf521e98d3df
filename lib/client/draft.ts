import { type Program, programOf } from './program/program.ts'
import { programFromJson, programToJson } from './program/program-json.ts'

type Store = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/** A visitor's program in one language: of this tab first, then the one last written in any tab. */
export type Draft = {
  /** Undefined when nothing was ever changed. */
  read(): Program | undefined
  /** False when the browser has no room or forbids it. */
  write(program: Program): boolean
  forget(): void
}

export function draft(lang: string, main: string, tab: Store, browser: Store): Draft {
  const key = `dragoman.program.${lang}`
  // Before a program had several files its text stood there by itself.
  const oldKey = `dragoman.draft.${lang}`
  const stores = [tab, browser]
  return {
    read() {
      for (const store of stores) {
        const program = parsed(store.getItem(key), (value) => programFromJson(value, main))
        if (program) return program
        const text = store.getItem(oldKey)
        if (text !== null) return programOf(main, text)
      }
      return undefined
    },
    write(program) {
      const kept = wroteOne(stores, key, JSON.stringify(programToJson(program)))
      if (kept) remove(stores, oldKey)
      return kept
    },
    forget() {
      remove(stores, key)
      remove(stores, oldKey)
    },
  }
}

/** What was changed in the program of a link, which lies beside the visitor's own: that one no link can harm. */
export function linkedDraft(lang: string, main: string, link: string, tab: Store, browser: Store): Draft {
  const key = `dragoman.linked.${lang}`
  const stores = [tab, browser]
  const ofThisLink = (value: unknown) => {
    const kept = value as { link?: unknown; program?: unknown } | null
    return kept?.link === link ? programFromJson(kept.program, main) : undefined
  }
  return {
    read: () => stores.map((store) => parsed(store.getItem(key), ofThisLink)).find((program) => program !== undefined),
    write: (program) => wroteOne(stores, key, JSON.stringify({ link, program: programToJson(program) })),
    forget: () => remove(stores, key),
  }
}

function parsed(text: string | null, read: (value: unknown) => Program | undefined): Program | undefined {
  if (text === null) return undefined
  try {
    return read(JSON.parse(text))
  } catch {
    return undefined // not of our making
  }
}

const wroteOne = (stores: readonly Store[], key: string, text: string) =>
  stores.map((store) => written(store, key, text)).some(Boolean)

const remove = (stores: readonly Store[], key: string) => stores.forEach((store) => store.removeItem(key))

function written(store: Store, key: string, text: string): boolean {
  try {
    store.setItem(key, text)
    return true
  } catch {
    return false
  }
}
