import 'server-only'

/** The services as pages and handlers get them: importing this into a component of the browser fails the build. */
export { services } from './services.ts'
