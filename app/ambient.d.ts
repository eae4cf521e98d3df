declare module '*.css'
declare module 'server-only'

// Next has no `exports`, so under Node's own rules of resolution these names lack their `.js`; its bundler wants them so.
declare module 'next/headers' {
  export * from 'next/headers.js'
}
declare module 'next/navigation' {
  export * from 'next/navigation.js'
}
declare module 'next/server' {
  export * from 'next/server.js'
}
