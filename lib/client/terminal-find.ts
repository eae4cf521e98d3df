import { SearchAddon } from '@xterm/addon-search'
import type { Terminal } from '@xterm/xterm'

import { foundColours } from './terminal-theme.ts'

/** More than this many matches are counted no further and not all marked. */
export const FOUND_MAX = 1_000

export type FindWords = { readonly words: string; readonly matchCase: boolean; readonly isBack: boolean }
/** `place` counts from one; 0 when there are {@link FOUND_MAX} or more. */
export type Found = { readonly place: number; readonly count: number }

export type TerminalFind = { find(what: FindWords): Found; end(): void }

/** Searches what the terminal still holds; matches are marked until `end`. Loaded when somebody first looks for something. */
export function terminalFind(terminal: Terminal, pane: HTMLElement): TerminalFind {
  const addon = new SearchAddon({ highlightLimit: FOUND_MAX })
  terminal.loadAddon(addon)
  let found: Found = { place: 0, count: 0 }
  let matchedCase = false
  addon.onDidChangeResults(({ resultIndex, resultCount }) => (found = { place: resultIndex + 1, count: resultCount }))

  return {
    find({ words, matchCase, isBack }) {
      found = { place: 0, count: 0 }
      // The add-on takes the same words for the same search, whatever else has changed.
      if (words === '' || matchCase !== matchedCase) addon.clearDecorations()
      matchedCase = matchCase
      if (words !== '') {
        const colours = foundColours(pane)
        const decorations = {
          matchBackground: colours.found,
          matchOverviewRuler: colours.found,
          activeMatchBackground: colours.current,
          activeMatchColorOverviewRuler: colours.current,
        }
        const options = { caseSensitive: matchCase, decorations }
        if (isBack) addon.findPrevious(words, options)
        else addon.findNext(words, options)
      }
      return found
    },
    end() {
      addon.clearDecorations()
      terminal.clearSelection()
    },
  }
}
