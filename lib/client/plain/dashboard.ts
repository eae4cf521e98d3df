import { followLog } from './log-follower.ts'
import { startLive } from './live.ts'
import { startTheme } from './theme.ts'

/** The script of the workshop's pages; each part does what its page has room for. */
const theme = document.querySelector<HTMLSelectElement>('#theme')
if (theme) startTheme(theme)

const main = document.querySelector<HTMLElement>('main[data-watches]')
const line = document.getElementById('line')
if (main && line) startLive(main, line)

const log = document.querySelector<HTMLElement>('#log')
if (log) followLog(log)
