/** While nothing tells of changes, the page looks by itself this often. */
const LOOK_EVERY_MS = 10_000
/** While the records are away, and so the page itself. */
const AWAY_MS = 5000

type Changes = {
  readonly all?: boolean
  readonly langs?: readonly string[]
  readonly builds?: readonly string[]
  readonly lists?: readonly string[]
}

/**
 * Keeps the page as it would be if it were loaded now. The server names what has changed; of a table only those rows are asked
 * for. A page that nobody sees closes its line and looks once when it is seen again. Its line of words says which it is.
 */
export function startLive(main: HTMLElement, line: HTMLElement): void {
  const [kind = '', id = ''] = (main.dataset['watches'] ?? '').split(':')
  let source: EventSource | undefined
  let cancelLook = () => {}
  if (kind === 'away') return void setTimeout(() => location.reload(), AWAY_MS)

  const say = (words: string, tone = '') => {
    if (line.textContent !== words) line.textContent = words
    line.dataset['tone'] = tone
  }
  const offline = () => say('You are offline. What you see is as it was.', 'bad')

  function listen(): void {
    source?.close()
    const mine = (source = new EventSource('/dashboard/live'))
    mine.addEventListener('ready', () => {
      cancelLook()
      say('Live', 'good')
      void swapAll()
    })
    mine.addEventListener('changes', ({ data }) => void changed(JSON.parse(String(data)) as Changes))
    mine.addEventListener('error', () => {
      if (!navigator.onLine) return offline()
      say('The line is lost. Trying again…', 'odd')
      // It comes back by itself, unless it was refused.
      if (mine.readyState === EventSource.CLOSED) lookNowAndThen()
    })
  }

  /** Without a line: too many are open, or something in between does not let it through. */
  function lookNowAndThen(): void {
    say('Looks every few seconds', 'odd')
    const timer = setInterval(() => void swapAll(), LOOK_EVERY_MS)
    cancelLook = () => clearInterval(timer)
  }

  async function changed({ all, langs = [], builds = [], lists = [] }: Changes): Promise<void> {
    if (all) return swapAll()
    if (kind === 'languages' && langs.length > 0) return swapRows('/dashboard/rows', 'lang-', langs)
    if (kind.startsWith('builds') && builds.length > 0) return swapRows('/dashboard/builds/rows', 'build-', builds)
    if ((kind === 'lang' && langs.includes(id)) || (kind === 'build' && builds.includes(id))) return swapAll()
    if (lists.includes(kind) || (kind === 'agents' && langs.length > 0) || (kind === 'bases' && langs.length > 0))
      return swapAll()
  }

  /** Rows that are there are put in place. One that is not belongs to where only the server knows: on a page of the newest, or of all. */
  async function swapRows(path: string, prefix: string, ids: readonly string[]): Promise<void> {
    const here = ids.filter((each) => document.getElementById(prefix + each))
    if (here.length < ids.length && kind !== 'builds-below') return swapAll()
    if (here.length > 0) await swap(`${path}?${new URLSearchParams(here.map((each) => ['id', each]))}`)
  }

  const swapAll = () => swap(location.pathname + location.search)

  /** What the answer has by an id that is here too takes its place; a table whose rows are others takes its as a whole. */
  async function swap(address: string): Promise<void> {
    const answer = await fetch(address, { headers: { accept: 'text/html' } }).catch(() => undefined)
    if (!answer?.ok) return
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
    const isWhole = fresh.querySelector('main') !== null
    const rowsOf = (page: ParentNode) => [...page.querySelectorAll('main tbody > tr[data-live]')].map(({ id }) => id).join()
    if (isWhole && rowsOf(fresh) !== rowsOf(document)) return swapMain(fresh)
    for (const now of fresh.querySelectorAll<HTMLElement>('[data-live]')) {
      const was = document.getElementById(now.id)
      if (was && !was.parentElement?.closest('[data-live]')) replace(was, now)
    }
  }

  /** All but what somebody may be typing in, and the log, which follows by itself. */
  function swapMain(fresh: Document): void {
    const parts = (page: Document) => [...(page.querySelector('main')?.children ?? [])]
    const [was, now] = [parts(document), parts(fresh)]
    const skeleton = (elements: readonly Element[]) => elements.map(({ tagName }) => tagName).join()
    if (skeleton(was) !== skeleton(now)) return location.reload()
    was.forEach((element, at) => {
      const next = now[at]
      if (next && !element.matches('form, .log')) replace(element, next)
    })
  }

  document.addEventListener('visibilitychange', () => {
    if (document.hidden) {
      source?.close()
      cancelLook()
    } else listen()
  })
  addEventListener('offline', offline)
  addEventListener('online', listen)
  if (!document.hidden) listen()
}

/** Keeps the focus and what is open, so that nobody loses their place; what is the same stays. */
function replace(was: Element, now: Element): void {
  const taken = document.importNode(now, true)
  for (const details of was.querySelectorAll('details[open]')) {
    const at = [...was.querySelectorAll('details')].indexOf(details as HTMLDetailsElement)
    taken.querySelectorAll('details')[at]?.setAttribute('open', '')
  }
  if (was.outerHTML === taken.outerHTML) return
  const focused = was.contains(document.activeElement) ? pathTo(was, document.activeElement) : undefined
  was.replaceWith(taken)
  taken.classList.add('fresh')
  if (focused) (taken.querySelector(focused) as HTMLElement | null)?.focus({ preventScroll: true })
}

function pathTo(_: Element, element: Element | null): string | undefined {
  const href = element?.getAttribute('href')
  return href ? `a[href="${CSS.escape(href)}"]` : element?.id ? `#${CSS.escape(element.id)}` : undefined
}
