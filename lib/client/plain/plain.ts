import { startFinder } from './finder.ts'
import { startTheme } from './theme.ts'

/** The script of the pages without a framework; each part does what its page has room for. */
const byId = <Kind extends HTMLElement>(id: string) => document.getElementById(id) as Kind | null

const theme = byId<HTMLSelectElement>('theme')
if (theme) startTheme(theme)

const finder = byId<HTMLFormElement>('finder')
const list = byId<HTMLUListElement>('languages')
if (finder && list) startFinder(finder, list)
