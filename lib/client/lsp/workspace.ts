import { type LSPClient, LSPPlugin, Workspace, type WorkspaceFile } from '@codemirror/lsp-client'
import { ChangeSet, Text } from '@codemirror/state'
import type { EditorView } from '@codemirror/view'

import type { Desk } from '../program/desk.ts'
import type { ProgramFile } from '../program/program.ts'
import { pathOf, uriOf } from './requests.ts'
import type { Diagnostic } from './shapes.ts'

class OpenFile implements WorkspaceFile {
  view: EditorView | undefined
  version = 0
  diagnostics: readonly Diagnostic[] = []
  readonly path: string
  readonly uri: string
  readonly languageId: string
  doc: Text

  constructor({ path, text }: ProgramFile, languageId: string) {
    this.path = path
    this.uri = uriOf(path)
    this.languageId = languageId
    this.doc = textOf(text)
  }

  getView() {
    return this.view ?? null
  }
}

/** The language's name in the protocol, and which files are of it. */
type Sources = { readonly lang: string; isSource(path: string): boolean }

/** The program's files as the server knows them: all are open, whichever the editor shows. */
export class DeskWorkspace extends Workspace {
  files: OpenFile[]
  readonly #desk: Desk
  readonly #language: Sources
  readonly #shown: (file: OpenFile) => void

  /** `shown` hears of a file that the editor shows from now on. */
  constructor(client: LSPClient, desk: Desk, language: Sources, shown: (file: OpenFile) => void) {
    super(client)
    this.#desk = desk
    this.#language = language
    this.#shown = shown
    this.files = this.#sources().map((file) => new OpenFile(file, language.lang))
  }

  override getFile(uri: string): OpenFile | null {
    return this.files.find((file) => file.uri === uri) ?? null
  }

  /** Opens and closes files as the desk has them. */
  follow(): void {
    const files = this.#sources()
    for (const gone of this.files.filter(({ path }) => files.every((file) => file.path !== path))) {
      this.files = this.files.filter((file) => file !== gone)
      this.client.didClose(gone.uri)
    }
    for (const file of files) if (!this.getFile(uriOf(file.path))) this.#open(file)
  }

  #open(file: ProgramFile): OpenFile {
    const opened = new OpenFile(file, this.#language.lang)
    this.files.push(opened)
    this.client.didOpen(opened)
    return opened
  }

  #sources(): ProgramFile[] {
    return this.#desk.view().program.files.filter(({ path }) => this.#language.isSource(path))
  }

  syncFiles() {
    const files = this.#sources()
    return this.files.flatMap((file) => {
      const plugin = file.view && LSPPlugin.get(file.view)
      const isSeen = plugin?.uri === file.uri && plugin.syncedDoc.eq(file.doc)
      const doc =
        plugin?.uri === file.uri ? plugin.view.state.doc : textOf(files.find(({ path }) => path === file.path)?.text ?? '')
      if (doc.eq(file.doc)) return []
      const prevDoc = file.doc
      const changes = isSeen ? plugin.unsyncedChanges : ChangeSet.of({ from: 0, to: prevDoc.length, insert: doc }, prevDoc.length)
      file.doc = doc
      file.version += 1
      if (plugin?.uri === file.uri) plugin.clear()
      return [{ file, prevDoc, changes }]
    })
  }

  openFile(uri: string, _lang: string, view: EditorView): void {
    const path = pathOf(uri)
    const file = this.getFile(uri) ?? (path === undefined ? null : this.#open({ path, text: view.state.doc.toString() }))
    if (!file) return
    file.view = view
    this.#shown(file)
  }

  closeFile(uri: string): void {
    const file = this.getFile(uri)
    if (file) file.view = undefined
  }

  /** A definition may lie in another file of the program; one that lies outside is named. */
  override async displayFile(uri: string): Promise<EditorView | null> {
    const file = this.getFile(uri)
    if (file) this.#desk.show(file.path)
    else this.#desk.say({ words: `It is defined outside of this program, in ${(pathOf(uri) ?? uri).slice(0, 200)}.` })
    return file?.getView() ?? null
  }
}

const textOf = (text: string) => Text.of(text.split(/\r\n?|\n/))
