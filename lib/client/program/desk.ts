import type { Draft } from '../draft.ts'
import { whyNotName } from './file-names.ts'
import { isSameProgram, type Program, textOf, withFile, withoutFile, withPath, withText } from './program.ts'

/** Something said above the editor. `detail` is what another program printed; `undo` that it can be taken back. */
export type Notice = { readonly words: string; readonly detail?: string; readonly undo?: boolean; readonly isProblem?: boolean }

export type DeskView = {
  readonly program: Program
  /** The file that the editor shows. */
  readonly active: string
  /** The browser keeps what is written. */
  readonly isKept: boolean
  /** What is shown came by a link and lies beside the visitor's own. */
  readonly isLinked: boolean
  readonly notice: Notice | undefined
}

/** The editor, as the desk tells it of what it did not do itself. */
export type EditorSide = {
  show(path: string, text: string): void
  /** A file's text became another, in one step that can be undone. */
  write(path: string, text: string): void
  rename(from: string, to: string): void
  /** Everything is another program now; nothing of before can be undone into it. */
  replace(): void
}

type Shown = { readonly draft: Draft; readonly origin: Program; readonly isLinked: boolean }

export type Desk = ReturnType<typeof openDesk>

/** The visitor's program: which files there are, which is shown, and that each change is kept. */
export function openDesk(template: Program) {
  let view: DeskView = { program: template, active: template.files[0].path, isKept: true, isLinked: false, notice: undefined }
  let shown: Shown | undefined
  let editor: EditorSide | undefined
  let restore: (() => Program) | undefined
  const watchers = new Set<() => void>()

  function become(next: Partial<DeskView>) {
    view = { ...view, ...next }
    for (const changed of watchers) changed()
  }

  /** Keeps the program; one that is as it was at first needs no keeping. */
  function keep(program: Program, also: Partial<DeskView> = {}) {
    const isKept = !shown || (isSameProgram(program, shown.origin) ? (shown.draft.forget(), true) : shown.draft.write(program))
    become({ ...also, program, isKept })
  }

  function sayNothing(): Partial<DeskView> {
    restore = undefined
    return { notice: undefined }
  }

  function show(path: string) {
    const text = textOf(view.program, path)
    if (text === undefined || path === view.active) return
    become({ active: path })
    editor?.show(path, text)
  }

  function place(next: Shown) {
    shown = next
    const program = next.draft.read() ?? next.origin
    become({ ...sayNothing(), program, active: program.files[0].path, isLinked: next.isLinked, isKept: true })
    editor?.replace()
    editor?.show(view.active, program.files[0].text)
  }

  /** Makes the editor's texts those of the program. */
  function rewrite(program: Program, active = view.active) {
    for (const { path, text } of program.files) if (textOf(view.program, path) !== text) editor?.write(path, text)
    keep(program, { active: textOf(program, active) === undefined ? program.files[0].path : active })
    editor?.show(view.active, textOf(program, view.active) ?? '')
  }

  return {
    view: () => view,
    subscribe(changed: () => void) {
      watchers.add(changed)
      return () => void watchers.delete(changed)
    },
    attach(side: EditorSide) {
      editor = side
      side.show(view.active, textOf(view.program, view.active) ?? '')
    },

    /** Shows what the visitor wrote last, or the template. */
    showOwn: (draft: Draft) => place({ draft, origin: template, isLinked: false }),
    /** Shows a link's program, beside the visitor's own. */
    showLinked: (program: Program, draft: Draft) => place({ draft, origin: program, isLinked: true }),

    /** The editor's own word. */
    edited(path: string, text: string) {
      if (textOf(view.program, path) !== text) keep(withText(view.program, path, text))
    },
    set: (fields: Partial<Pick<Program, 'args' | 'flags' | 'input'>>) => keep({ ...view.program, ...fields }),

    show,
    /** Adds an empty file and shows it; answers why not. */
    add(path: string): string | undefined {
      const why = whyNotName(path, paths(view.program))
      if (why !== undefined) return why
      keep(withFile(view.program, { path, text: '' }), sayNothing())
      show(path)
      return undefined
    },
    rename(from: string, to: string): string | undefined {
      if (from === to || from === view.program.files[0].path) return undefined
      const why = whyNotName(
        to,
        paths(view.program).filter((path) => path !== from),
      )
      if (why !== undefined) return why
      keep(withPath(view.program, from, to), { ...sayNothing(), active: view.active === from ? to : view.active })
      editor?.rename(from, to)
      return undefined
    },
    close(path: string) {
      const at = view.program.files.findIndex((file) => file.path === path)
      const file = view.program.files[at]
      if (!file || at === 0) return
      const neighbour = view.program.files[at - 1]?.path ?? view.program.files[0].path
      if (view.active === path) show(neighbour)
      keep(withoutFile(view.program, path), { notice: { words: `${path} is closed.`, undo: true } })
      restore = () => (textOf(view.program, path) === undefined ? withFile(view.program, file, at) : view.program)
    },
    /** Back to the template, or to what the link holds. */
    reset() {
      const before = view.program
      if (!shown || isSameProgram(before, shown.origin)) return
      rewrite(shown.origin, shown.origin.files[0].path)
      become({ notice: { words: shown.isLinked ? 'This is what the link holds.' : 'This is the template.', undo: true } })
      restore = () => before
    },
    undo() {
      const program = restore?.()
      if (program) rewrite(program)
      become(sayNothing())
    },

    say: (notice: Notice) => become({ ...sayNothing(), notice }),
    dismiss: () => become(sayNothing()),
  }
}

const paths = ({ files }: Program) => files.map(({ path }) => path)
