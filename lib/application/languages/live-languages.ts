import type { Announcements } from '#lib/application/ports/build-logs.ts'
import type { Deployments, LiveDeployment } from '#lib/application/ports/deployments.ts'
import type { HeldRoot, ImageRoots } from '#lib/application/ports/image-roots.ts'
import { errorText, type Log } from '#lib/application/ports/log.ts'
import type { Clock } from '#lib/application/ports/time.ts'
import type { LangId } from '#lib/domain/ids.ts'
import type { Language } from '#lib/domain/language.ts'
import type { Result } from '#lib/domain/result.ts'

/** A deployment whose announcement was not heard is seen after this. */
export const LOOK_MS = 5000
/** One that could not be made ready is tried again after this. */
export const AGAIN_MS = 30_000
/** A server that starts waits so long for the images of its languages; they come all the same. */
export const FIRST_LOOK_MS = 5000
/** A database that was just started may not answer at once, and sessions of before need their languages. */
const FIRST_TRIES = 3
/** Images that are unpacked at a time: it takes the processor and the disk, which sessions need. */
const BRINGING_MAX = 2

type World = {
  readonly deployments: Pick<Deployments, 'live' | 'config'>
  readonly announcements: Pick<Announcements, 'on'>
  readonly roots: ImageRoots
  /** The error is words for the log. */
  readonly parse: (text: string) => Result<Language, string>
  readonly clock: Clock
  readonly log: Log
  /** Called when the languages are other ones than before. */
  readonly changed: () => void
}
type Live = { readonly deployment: LiveDeployment; readonly language: Language; readonly root: HeldRoot }
type Coming = { readonly id: LiveDeployment['id']; readonly triedAt: number | undefined }

/**
 * What deployments make of languages. One counts from when its image is unpacked here; until then the language stays what it
 * was. While the database is away all stay as they are.
 */
export class LiveLanguages {
  readonly #world: World
  readonly #live = new Map<LangId, Live>()
  /** What is not live yet: being brought, or (with `triedAt`) waiting to be tried again. */
  readonly #coming = new Map<LangId, Coming>()
  readonly #queue: LiveDeployment[] = []
  readonly #stopped = new AbortController()
  #bringing = 0
  #looking = false
  #lookAgain = false
  #isDown = false
  #settled = () => {}
  #cancelLook = () => {}
  #stopHearing = () => {}

  constructor(world: World) {
    this.#world = world
  }

  /** By id; all of them can be started. */
  all(): readonly Language[] {
    return [...this.#live.values()].map(({ language }) => language)
  }

  /** Settles when all that is deployed now is here, or could not be had, or the time is up. */
  async start(): Promise<void> {
    const { clock, announcements } = this.#world
    await new Promise<void>((done) => {
      const cancel = clock.after(FIRST_LOOK_MS, done)
      this.#settled = () => {
        cancel()
        done()
      }
      void this.#look(FIRST_TRIES)
    })
    this.#settled = () => {}
    this.#stopHearing = announcements.on('deployment', () => void this.#look())
  }

  stop(): void {
    this.#stopped.abort(new Error('The server is going'))
    this.#cancelLook()
    this.#stopHearing()
    for (const { root } of this.#live.values()) root.release()
    this.#live.clear()
  }

  async #look(tries = 1): Promise<void> {
    if (this.#looking) {
      this.#lookAgain = true
      return
    }
    this.#looking = true
    this.#cancelLook()
    do {
      this.#lookAgain = false
      for (let n = 0; n < tries; n++) if (await this.#compare()) break
    } while (this.#lookAgain && !this.#stopped.signal.aborted)
    this.#looking = false
    if (this.#stopped.signal.aborted) return
    this.#cancelLook = this.#world.clock.after(LOOK_MS, () => void this.#look())
    this.#bring()
  }

  /** False when the database did not answer. */
  async #compare(): Promise<boolean> {
    const { deployments, log } = this.#world
    try {
      const rows = await deployments.live()
      for (const row of rows) if (this.#isNews(row)) this.#expect(row)
      this.#isDown = false
      return true
    } catch (error) {
      if (!this.#isDown) log.warn('deployments stay as they are', { error: errorText(error) })
      this.#isDown = true
      return false
    }
  }

  #isNews({ lang, id }: LiveDeployment): boolean {
    const coming = this.#coming.get(lang)
    if (coming?.id === id) return coming.triedAt !== undefined && this.#world.clock.now() - coming.triedAt >= AGAIN_MS
    // What is live may be wanted again while something else is coming.
    return coming !== undefined || this.#live.get(lang)?.deployment.id !== id
  }

  #expect(row: LiveDeployment): void {
    this.#coming.set(row.lang, { id: row.id, triedAt: undefined })
    this.#queue.push(row)
  }

  #bring(): void {
    if (this.#bringing === 0 && this.#queue.length === 0) this.#settled()
    while (this.#bringing < BRINGING_MAX) {
      const next = this.#queue.shift()
      if (!next) return
      this.#bringing++
      void this.#bringOne(next).finally(() => {
        this.#bringing--
        this.#bring()
      })
    }
  }

  async #bringOne(deployment: LiveDeployment): Promise<void> {
    const { log, clock, changed } = this.#world
    const { lang, id, number } = deployment
    const isWanted = () => this.#coming.get(lang)?.id === id && !this.#stopped.signal.aborted
    if (!isWanted()) return
    try {
      const live = await this.#made(deployment)
      if (!isWanted()) return live.root.release()
      this.#coming.delete(lang)
      this.#live.get(lang)?.root.release()
      this.#live.set(lang, live)
      log.info('language deployed', { lang, number, image: deployment.image })
      changed()
    } catch (error) {
      if (!isWanted()) return
      log.error('language not deployed', { lang, number, error: errorText(error) })
      this.#coming.set(lang, { id, triedAt: clock.now() })
    }
  }

  async #made(deployment: LiveDeployment): Promise<Live> {
    const { deployments, parse, roots } = this.#world
    const { lang, image, agent, config } = deployment
    const text = await deployments.config(config)
    if (text === undefined) throw new Error(`Cannot find config ${config}`)
    const language = parse(text)
    if (!language.ok) throw new Error(`Cannot read config ${config}: ${language.error}`)
    const foundation = { lang, image, agent }
    const root = await roots.hold(foundation, this.#stopped.signal)
    if (!root.ok) throw new Error(`Cannot have image ${image} with agent ${agent}: ${JSON.stringify(root.error)}`)
    return { deployment, root: root.value, language: { ...language.value, id: lang, foundation } }
  }
}
