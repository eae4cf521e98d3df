import { testOnCluster } from './testing/on-cluster.ts'

const MINUTE_MS = 60_000
/** Faults last as long as they do in the world: minutes each. */
await testOnCluster('faults', 60 * MINUTE_MS)
