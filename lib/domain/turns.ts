/** Whom a visitor counts as: an address (`192.0.2.1`, `2001:db8:0:1::/64`), and the network around it. */
export type Visitor = { readonly address: string; readonly network: string }

/** The network is a /24 of IPv4 and a /48 of IPv6: what one landlord usually has. Whatever is no address stands alone. */
export function visitorAt(address: string): Visitor {
  const v4 = /^(\d+\.\d+\.\d+)\.\d+$/.exec(address)?.[1]
  if (v4 !== undefined) return { address, network: `${v4}.0/24` }
  const v6 = /^([0-9a-f]+:[0-9a-f]+:[0-9a-f]+):[0-9a-f]+::\/64$/.exec(address)?.[1]
  return { address, network: v6 === undefined ? address : `${v6}::/48` }
}

/**
 * Those who wait, given as they came, in the order in which they are served: networks in turn and, within one, addresses in
 * turn, whoever holds least first. A crowd holds up itself and nobody else, whether behind one address or behind many.
 * `place_turn` in the database says the same in SQL.
 */
export function inTurn<W extends Visitor>(waiting: readonly W[], held: readonly Visitor[]): W[] {
  const came = waiting.map((one, at) => ({ one, at }))
  const byAddress = turns(came, held, ({ address }) => address)
  return turns(byAddress, held, ({ network }) => network).map(({ one }) => one)
}

type Came<W> = { readonly one: W; readonly at: number }

/** Each one's turn is how many of its group hold something or come before it; among equals the first to come is first. */
function turns<W extends Visitor>(
  ordered: readonly Came<W>[],
  held: readonly Visitor[],
  group: (of: Visitor) => string,
): readonly Came<W>[] {
  const counts = new Map<string, number>()
  const count = (of: Visitor) => {
    const turn = (counts.get(group(of)) ?? 0) + 1
    counts.set(group(of), turn)
    return turn
  }
  held.forEach(count)
  return ordered
    .map((came) => ({ came, turn: count(came.one) }))
    .toSorted((a, b) => a.turn - b.turn || a.came.at - b.came.at)
    .map(({ came }) => came)
}
