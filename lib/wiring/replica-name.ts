import { hostname } from 'node:os'

import type { Random } from '../application/ports/time.ts'
import type { Config } from '../config/options.ts'

/** Another at each start: what an earlier process of this name left is not this one's. At most 63 + 9 characters. */
export const replicaName = ({ replica }: Pick<Config, 'replica'>, random: Random): string =>
  `${(replica ?? hostname()).slice(0, 63)}-${random.hex(4)}`
