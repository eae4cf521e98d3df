/** @type {import('next').NextConfig} */
const config = {
  poweredByHeader: false,
  reactStrictMode: true,
  devIndicators: false,
  // Nothing here is made smaller, and what fetches addresses that a visitor names is better not there.
  images: { unoptimized: true },
  // socket.io's client takes a parser of ours, and would bring its own besides.
  turbopack: { resolveAlias: { 'socket.io-parser': './lib/protocol/packets.ts' } },
  // tsc checks the types of the whole project; Next would need the compiler's API, which TypeScript 7 does not export.
  // A tsconfig that extends another is left as it is, the root one would be rewritten at every build.
  typescript: { ignoreBuildErrors: true, tsconfigPath: 'app/tsconfig.json' },
}

export default config
