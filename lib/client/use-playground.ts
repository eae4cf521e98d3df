'use client'

import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from 'react'

import { err } from '#lib/domain/result.ts'

import { draft } from './draft.ts'
import type { EditorPane } from './editor.ts'
import { isSource } from './is-source.ts'
import { serverKeeper, type ServerView } from './lsp/keeper.ts'
import { type Desk, type DeskView, openDesk } from './program/desk.ts'
import { setUpEditor } from './editor-setup.ts'
import { programOf } from './program/program.ts'
import { joinWords } from './program/words.ts'
import { runRequest } from './run-request.ts'
import { openSession, type Session, type View } from './session.ts'
import { keepCompletion, readCompletion, readScreenReader, watchSettings } from './settings.ts'
import { openLinks } from './share/open-links.ts'
import { shortcutOf, type ShortcutId } from './shortcuts.ts'
import { tabSession } from './tab-session.ts'
import { openTerminal, type TerminalPane } from './terminal.ts'

/** What the page knows of its language. */
export type PlayLanguage = {
  readonly id: string
  readonly name: string
  readonly main: string
  readonly template: string
  readonly highlight?: string
  readonly canRun: boolean
  readonly hasPrompt: boolean
  readonly takesArgs: boolean
  readonly takesFlags: boolean
  /** What stands in the fields at first. */
  readonly args: readonly string[]
  readonly flags: readonly string[]
  /** Of the names of its source files, with the dot. */
  readonly endings: readonly string[]
  readonly hasFormatter: boolean
  /** Its language server, where it has one. */
  readonly server?: {
    readonly auto: boolean
    readonly lang: string
    readonly noDynamicRegistration: boolean
    readonly init?: unknown
    readonly config?: unknown
  }
  /** Undefined for a language that is ready. */
  readonly lacks?: { readonly commands: readonly string[]; readonly packages: readonly string[] }
}

/** A dialog of the page; each is loaded when it is first opened. */
export type DialogName = 'share' | 'settings' | 'keys'

export type Playground = {
  readonly view: View
  readonly desk: Desk
  readonly program: DeskView
  readonly isTextKept: boolean
  readonly isEditorOpen: boolean
  /** How the language server stands. */
  readonly server: ServerView
  readonly dialog: DialogName | undefined
  run(): void
  stop(): void
  prompt(): void
  renew(): void
  format(): void
  /** Sends the end of input to the program in the terminal. */
  endInput(): void
  resetText(): void
  /** Switches the language server on or off, and remembers it for the language. */
  setCompletion(isOn: boolean): void
  /** Leaves what a link brought. */
  backToOwn(): void
  openDialog(name: DialogName): void
  closeDialog(): void
  setScreenReader(isOn: boolean): void
  /** What the language says of its version here; undefined while there is no session, or when it says nothing. */
  version(): Promise<string | undefined>
  /** Undefined until it is open. */
  terminal(): TerminalPane | undefined
}

/** What a terminal asks of the page around it. */
export type TerminalEvents = { onFind(): void; onHiddenLink(address: string): void }

type Opened = { editor?: EditorPane; terminal?: TerminalPane; session?: Session }

/** Opens editor, terminal and session in the two panes, and closes them with the page. */
export function usePlayground(
  language: PlayLanguage,
  editorPane: RefObject<HTMLElement | null>,
  terminalPane: RefObject<HTMLElement | null>,
  around: TerminalEvents,
): Playground {
  const opened = useRef<Opened>({})
  const [desk] = useState(() => openDesk(templateOf(language)))
  const [session, setSession] = useState<Session>()
  const [isEditorOpen, setEditorOpen] = useState(false)
  const [dialog, openDialog] = useState<DialogName>()
  // A dialog tells a moment later that it closed, when another may be open.
  const closeDialog = () => openDialog((now) => (now === dialog ? undefined : now))
  const view = useSyncExternalStore(session?.subscribe ?? neverChanges, session?.view ?? notYet, notYet)
  const [keeper] = useState(() => serverKeeper((onEnd) => connect(language, desk, opened.current, onEnd), after))
  const server = useSyncExternalStore(keeper.subscribe, keeper.view, keeper.view)
  const program = useSyncExternalStore(desk.subscribe, desk.view, desk.view)

  const run = () => {
    const { session } = opened.current
    const request = runRequest(desk.view().program, language)
    if (!request.ok) desk.say({ words: request.error, isProblem: true })
    else if (session && language.canRun) session.run(request.value)
  }
  const format = async () => {
    const { session, editor } = opened.current
    if (!session || !editor || !language.hasFormatter) return
    const { formatText } = await import('./format-text.ts')
    await formatText(session.format, desk, editor)
  }
  const acts: Readonly<Record<ShortcutId, () => void>> = {
    run,
    stop: () => opened.current.session?.stop(),
    terminal: () => opened.current.terminal?.focus(),
    editor: () => opened.current.editor?.focus(),
    keys: () => openDialog('keys'),
    format: () => void format(),
  }
  const shortcut = (inTerminal: boolean) => (event: KeyboardEvent) => {
    const id = shortcutOf(event, inTerminal)
    if (id === undefined) return false
    acts[id]()
    event.preventDefault()
    return true
  }

  useEffect(() => {
    const closing = new AbortController()
    const mine: Opened = (opened.current = {})
    const own = draft(language.id, language.main, sessionStorage, localStorage)

    function openText(pane: HTMLElement) {
      const onEnter = () => wantsServer(language) && keeper.want(true)
      mine.editor = setUpEditor({ pane, language, desk, onShortcut: shortcut(false), onEnter, closing: closing.signal })
      setEditorOpen(true)
    }

    async function openPrompt(pane: HTMLElement) {
      // A terminal takes as long to open as the editor; meanwhile one can already write.
      await new Promise<void>((done) => setTimeout(done))
      if (closing.signal.aborted) return
      const terminal = openTerminal(pane, { isScreenReaderOn: readScreenReader(), onShortcut: shortcut(true), ...around })
      mine.terminal = terminal
      const tab = tabSession(language.id, sessionStorage, navigator.locks, after)
      const session = await openSession({ lang: language.id, hasPrompt: language.hasPrompt, screen: terminal, tab, after })
      if (closing.signal.aborted) return session.close()
      mine.session = session
      terminal.onType(session.type)
      terminal.onResize(session.resize)
      session.subscribe(() => keeper.session(session.view().state.at === 'attached'))
      setSession(session)
    }

    desk.showOwn(own)
    openLinks(language, desk, own, closing.signal)
    if (editorPane.current) openText(editorPane.current)
    if (terminalPane.current) void openPrompt(terminalPane.current)
    const restyle = () => mine.terminal?.restyle()
    const unwatch = watchSettings(restyle)
    const system = matchMedia('(prefers-color-scheme: dark)')
    system.addEventListener('change', restyle)
    // Where neither editor nor terminal has the focus; what the terminal left alone is its program's.
    const onKey = (event: KeyboardEvent) => {
      const inTerminal = event.target instanceof Node && terminalPane.current?.contains(event.target) === true
      if (!event.defaultPrevented && !inTerminal) shortcut(false)(event)
    }
    addEventListener('keydown', onKey)

    return () => {
      closing.abort()
      unwatch()
      system.removeEventListener('change', restyle)
      removeEventListener('keydown', onKey)
      keeper.close()
      mine.session?.close()
      mine.terminal?.close()
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a page is of one language for as long as it lives
  }, [])

  return {
    view,
    desk,
    program,
    isTextKept: program.isKept,
    isEditorOpen,
    server,
    dialog,
    run,
    stop: acts.stop,
    prompt: () => opened.current.session?.prompt(),
    renew: () => opened.current.session?.renew(),
    format: acts.format,
    endInput: () => opened.current.session?.type(END_OF_INPUT, '\u0004'),
    resetText: desk.reset,
    setCompletion(isOn) {
      keepCompletion(language.id, isOn)
      keeper.want(isOn)
    },
    backToOwn() {
      history.replaceState(history.state, '', location.pathname + location.search)
      desk.showOwn(draft(language.id, language.main, sessionStorage, localStorage))
    },
    openDialog,
    closeDialog,
    setScreenReader: (isOn) => opened.current.terminal?.setScreenReader(isOn),
    async version() {
      const answer = await opened.current.session?.version()
      return answer?.ok ? answer.value.text : undefined
    },
    terminal: () => opened.current.terminal,
  }
}

const END_OF_INPUT = Uint8Array.of(4)
const BEFORE: View = { state: { at: 'connecting', kept: false }, isConnected: false }
const notYet = () => BEFORE
const neverChanges = () => () => undefined

const templateOf = ({ main, template, args, flags }: PlayLanguage) => programOf(main, template, joinWords(args), joinWords(flags))

/** As the visitor said, or by itself where it is quick. */
export const wantsServer = ({ id, server }: PlayLanguage): boolean => server !== undefined && (readCompletion(id) ?? server.auto)

async function connect(language: PlayLanguage, desk: Desk, { editor, session }: Opened, onEnd: (words: string) => void) {
  const { server } = language
  if (!editor || !session || !server) return err('The editor is not open yet.')
  const { connectServer } = await import('./lsp/connect.ts')
  return connectServer({ wire: session.lsp, server, desk, editor, isSource: (path) => isSource(path, language) }, onEnd)
}

function after(ms: number, call: () => void): () => void {
  const timer = setTimeout(call, ms)
  return () => clearTimeout(timer)
}
