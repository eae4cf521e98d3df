import { AnsiLines, type AnsiLine } from '#lib/domain/ansi-lines.ts'

/** Lines that stay on the page; the first ones go, and are a link away. */
const LINES_MAX = 5000
/** So close to the end, in pixels, one is at the end. */
const NEAR_END = 40

type Told =
  | { readonly kind: 'attempt'; readonly step: string; readonly number: number }
  | { readonly kind: 'text'; readonly bytes: string }
  | { readonly kind: 'cut'; readonly bytes: number }
  | { readonly kind: 'attempt_ended'; readonly step: string; readonly number: number; readonly outcome: string }
  | { readonly kind: 'end'; readonly outcome: string }

/**
 * Writes on where the server's text of the log ends, as it is written there. It stays at the end as long as the reader does.
 * A line that an address names but the page does not have is asked for.
 */
export function followLog(log: HTMLElement): void {
  const marked = /^#L([1-9]\d{0,8})$/.exec(location.hash)?.[1]
  if (marked && !document.getElementById(`L${marked}`) && !location.search.includes(`line=${marked}`)) {
    return location.replace(`${location.pathname}?line=${marked}#L${marked}`)
  }
  const from = log.dataset['follow']
  if (from) follow(log, from)
  if (!marked) log.scrollTop = log.scrollHeight
}

function follow(log: HTMLElement, address: string): void {
  let lines = Number(log.dataset['lines'])
  let ansi = new AnsiLines()
  let decoder = new TextDecoder()
  const source = new EventSource(address)
  const count = document.getElementById('log-count')
  const end = document.getElementById('log-end')

  source.addEventListener('message', ({ data }) => {
    const isAtEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END
    write(JSON.parse(String(data)) as Told)
    while (log.childElementCount > LINES_MAX) log.firstElementChild?.remove()
    if (isAtEnd) log.scrollTop = log.scrollHeight
    const first = log.querySelector('[id]')?.id.slice(1)
    if (count && first) count.textContent = `lines ${first} to ${lines} of ${lines}`
  })
  source.addEventListener('done', () => {
    source.close()
    if (end) end.textContent = 'The log is complete.'
  })

  function write(told: Told): void {
    if (told.kind === 'text') {
      const bytes = Uint8Array.from(atob(told.bytes), (char) => char.charCodeAt(0))
      return add(ansi.push(decoder.decode(bytes, { stream: true })))
    }
    add(ansi.end())
    if (told.kind === 'cut') return mark(`${told.bytes} bytes were left out here`)
    if (told.kind === 'end') return
    mark(`${told.step}, attempt ${told.number}${told.kind === 'attempt_ended' ? `: ${told.outcome}` : ''}`)
    ansi = new AnsiLines()
    decoder = new TextDecoder()
  }

  function add(fresh: readonly AnsiLine[]): void {
    log.append(...fresh.map((line) => lineElement(++lines, line)))
  }

  function mark(words: string): void {
    const paragraph = document.createElement('p')
    paragraph.className = 'log-mark'
    paragraph.textContent = words
    log.append(paragraph)
  }
}

/** As the server writes it (lib/web/dashboard/log-section.ts); text goes in as text. */
function lineElement(number: number, line: AnsiLine): HTMLElement {
  const element = document.createElement('div')
  element.id = `L${number}`
  const link = document.createElement('a')
  link.href = `#L${number}`
  link.textContent = `${number}`
  const code = document.createElement('code')
  for (const { text, look } of line) {
    if (look === '') code.append(text)
    else {
      const span = document.createElement('span')
      span.className = look
      span.textContent = text
      code.append(span)
    }
  }
  element.append(link, code)
  return element
}
