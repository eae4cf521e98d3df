import type { PlaceAnswer, PlaceAsk, PlaceBounds, Turn } from '#lib/application/ports/places.ts'
import type { OpenedRecord } from '#lib/application/ports/records.ts'
import type { SessionId } from '#lib/domain/ids.ts'
import { inTurn, type Visitor } from '#lib/domain/turns.ts'

type Place = Visitor & { readonly session: SessionId; readonly owner: string; readonly isEntered: boolean; readonly at: number }

const NOBODY: Visitor = { address: '', network: '' }
const MINUTE_MS = 60_000

/** The places of {@link memoryRecords}, beside its live sessions. */
export function memoryPlaces(now: () => number, live: () => readonly OpenedRecord[]) {
  let places: Place[] = []
  const starts = new Map<string, number[]>()

  const held = () => [...live().map(({ visitor }) => visitor ?? NOBODY), ...places.filter(({ isEntered }) => isEntered)]
  const queue = () =>
    inTurn(
      places.filter(({ isEntered }) => !isEntered),
      held(),
    )
  const add = ({ session, visitor, owner }: PlaceAsk, isEntered: boolean) => {
    starts.set(visitor.address, [...(starts.get(visitor.address) ?? []), now()])
    places.push({ session, ...visitor, owner, isEntered, at: now() })
  }
  const leave = (sessions: readonly SessionId[]) => void (places = places.filter(({ session }) => !sessions.includes(session)))

  return {
    enter(ask: PlaceAsk, bounds: PlaceBounds): Exclude<PlaceAnswer, { code: 'entered' }> | { code: 'entered' } {
      const { address } = ask.visitor
      const theirs = [...held(), ...queue()].filter((one) => one.address === address)
      if (theirs.length >= bounds.perAddressMax) return { code: 'too_many_sessions' }
      const lately = (starts.get(address) ?? []).filter((at) => at >= now() - MINUTE_MS)
      const nth = lately.at(-bounds.startsPerMinute)
      if (nth !== undefined) return { code: 'too_fast', retryAfterMs: nth + MINUTE_MS - now() + 1 }
      const enters = queue().length === 0 && held().length < bounds.sessionsMax
      add(ask, enters)
      if (enters) return { code: 'entered' }
      leave(
        queue()
          .slice(bounds.queueMax)
          .map(({ session }) => session),
      )
      const place = queue().findIndex(({ session }) => session === ask.session) + 1
      return place > 0 ? { code: 'waiting', place } : { code: 'queue_full' }
    },
    turns(owner: string, waiting: readonly SessionId[], sessionsMax: number): Turn[] {
      places = places.filter((place) => place.isEntered || place.owner !== owner || waiting.includes(place.session))
      const next = queue().slice(0, Math.max(0, sessionsMax - held().length))
      places = places.map((place) => (next.includes(place) ? { ...place, isEntered: true, at: now() } : place))
      const entered = places.filter(({ isEntered }) => isEntered).map(({ session }) => ({ session, place: 0 }))
      const rest = queue().map(({ session }, index) => ({ session, place: index + 1 }))
      return [...entered, ...rest].filter(({ session }) => waiting.includes(session))
    },
    leave,
    expire: (olderThanMs: number) => void (places = places.filter(({ isEntered, at }) => !isEntered || at > now() - olderThanMs)),
    forgetOwners: (names: readonly string[]) => void (places = places.filter(({ owner }) => !names.includes(owner))),
  }
}
