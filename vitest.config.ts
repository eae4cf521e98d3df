import { defineConfig } from 'vitest/config'

/** `unit` is quick and needs nothing; `real` talks to the kernel, PostgreSQL and the OCI runtime, one file at a time. */
const REAL = [
  '**/*.pg.test.ts',
  '**/*.oci.test.ts',
  '**/*.agent.test.ts',
  '**/*.server.test.ts',
  '**/*.s3.test.ts',
  '**/*.registry.test.ts',
]
/** They need a cluster, by its kubeconfig in $KUBECONFIG; `npm run test:k8s` brings one. */
const CLUSTER = ['**/*.k8s.test.ts']
/** They need a cluster to themselves, which they disturb, and minutes; `npm run test:faults` brings one. */
const FAULTS = ['**/*.faults.test.ts']
/** What comes at once comes later on a machine that is busy otherwise; what never comes is found out all the same. */
const POLL = { poll: { timeout: 20_000 } }
const ELSEWHERE = ['node_modules/**', '.next/**', '.dragoman/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['**/*.test.{ts,tsx}'],
          exclude: [...REAL, ...CLUSTER, ...FAULTS, ...ELSEWHERE],
          expect: POLL,
          testTimeout: 30_000,
          maxWorkers: '100%', // its own default leaves a core idle, which on two is half of them
        },
      },
      {
        test: {
          name: 'real',
          include: REAL,
          exclude: ELSEWHERE,
          expect: POLL,
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'k8s',
          include: CLUSTER,
          exclude: ELSEWHERE,
          expect: POLL,
          fileParallelism: false,
          testTimeout: 90_000,
          hookTimeout: 180_000,
        },
      },
      {
        test: {
          name: 'faults',
          include: FAULTS,
          exclude: ELSEWHERE,
          expect: POLL,
          fileParallelism: false,
          testTimeout: 240_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
})
