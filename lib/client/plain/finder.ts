import { countWords, filterEntries, filterOf, type IndexEntry, queryOf } from '#lib/domain/index-filter.ts'

/**
 * Narrows the list as one types and chooses, and keeps the address in step, so that what is on the screen can be linked.
 * The arrow keys walk from the box through the links and back, Enter in the box opens the best match.
 */
export function startFinder(form: HTMLFormElement, list: HTMLUListElement): void {
  const box = form.elements.namedItem('q') as HTMLInputElement
  const all = JSON.parse(element('entries').textContent ?? '[]') as readonly IndexEntry[]
  const items = new Map(all.map((entry) => [entry.id, element(`language-${entry.id}`)]))
  let found: readonly IndexEntry[] = []

  function narrow() {
    const filter = filterOf(new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)])))
    const query = queryOf(filter)
    found = filterEntries(all, filter)
    for (const item of items.values()) item.hidden = true
    for (const { id } of found) {
      const item = items.get(id)
      if (item) list.append(item)
      if (item) item.hidden = false
    }
    element('count').textContent = countWords(found.length, all.length)
    element('none').hidden = found.length > 0
    element('clear').hidden = query === ''
    ;(element('random') as HTMLAnchorElement).href = `/random${query}`
    return query
  }

  const links = () => found.flatMap(({ id }) => items.get(id)?.querySelector('a') ?? [])

  function onBoxKey(event: KeyboardEvent) {
    if (event.key === 'Enter' && box.value.trim() !== '' && found[0]) location.assign(`/${found[0].id}`)
    else if (event.key === 'ArrowDown') links()[0]?.focus()
    else if (event.key === 'Escape' && box.value !== '') {
      box.value = ''
      change()
    } else return
    event.preventDefault()
  }

  function onListKey(event: KeyboardEvent) {
    const shown = links()
    const at = shown.indexOf(document.activeElement as HTMLAnchorElement)
    const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: shown.length - 1 }[event.key]
    if (next === undefined) {
      // Typing goes on in the box from wherever one is.
      if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) box.focus()
      return
    }
    event.preventDefault()
    if (next < 0) box.focus()
    else shown[next]?.focus()
  }

  const change = () => history.replaceState(history.state, '', `/${narrow()}`)

  form.addEventListener('input', change)
  form.addEventListener('submit', (event) => event.preventDefault())
  box.addEventListener('keydown', onBoxKey)
  list.addEventListener('keydown', onListKey)
  narrow() // a page that comes back may have its fields filled in by the browser
}

function element(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`Cannot find "${id}" on the page`)
  return found
}
