import { StringDecoder } from 'node:string_decoder'

/** No object of a cluster is larger: its store takes 1.5 MB. */
const LINE_CHARS_MAX = 4 * 1024 * 1024

/** The lines of a stream as they become whole; a cut one at its end is nobody's. Throws on one that has no end. */
export async function* linesOf(stream: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    rest += decoder.write(chunk)
    if (!rest.includes('\n')) {
      if (rest.length > LINE_CHARS_MAX) throw new SyntaxError(`Cannot read a watch: a line over ${LINE_CHARS_MAX} characters`)
      continue
    }
    const lines = rest.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line !== '') yield line
  }
}
