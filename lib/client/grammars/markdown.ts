import type { StreamParser } from '@codemirror/language'

/** `fence` is what closes the block of code that is open. */
type State = { fence: string | undefined }

/** Markdown, a line at a time: enough to tell headings, emphasis, code and links. */
export const markdown: StreamParser<State> = {
  startState: () => ({ fence: undefined }),
  token(stream, state) {
    if (stream.sol()) {
      const fence = /^ {0,3}(`{3,}|~{3,})/.exec(stream.string)?.[1]
      if (state.fence !== undefined || fence !== undefined) {
        if (state.fence === undefined) state.fence = fence
        else if (fence?.startsWith(state.fence)) state.fence = undefined
        stream.skipToEnd()
        return 'string'
      }
      if (stream.match(/^ {0,3}#{1,6}(?:\s.*)?$/)) return 'heading'
      if (stream.match(/^ {0,3}(?:=+|-{2,})\s*$/)) return 'heading'
      if (stream.match(/^\s*(?:[-*+]|\d+[.)])\s/)) return 'keyword'
      if (stream.match(/^ {0,3}>/)) return 'quote'
    }
    if (stream.match(/^`+[^`]*`+/)) return 'string'
    if (stream.match(/^(?:\*\*(?=\S).+?\*\*|__(?=\S).+?__)/)) return 'strong'
    if (stream.match(/^(?:\*(?=\S).+?\*|_(?=\S).+?_(?!\w))/)) return 'emphasis'
    if (stream.match(/^!?\[[^\]]*\](?:\([^)]*\)|\[[^\]]*\])/) || stream.match(/^<[^\s>]+>/)) return 'link'
    stream.next()
    stream.match(/^[^`*_![<]+/)
    return null
  },
}
