import { testOnCluster } from './testing/on-cluster.ts'

const MINUTE_MS = 60_000
await testOnCluster('k8s', 12 * MINUTE_MS)
