import type { Client } from 'pg'

export const DATABASE = 'dragoman'
/** Owns the tables and changes them; used by migrations alone. */
export const MIGRATE_ROLE = 'dragoman_migrate'
/** Reads and writes rows; what the running server is. */
export const WEB_ROLE = 'dragoman_web'

/** Makes the roles and the database where they are not there yet. To be called as a superuser. */
export async function makeRoles(admin: Client): Promise<void> {
  for (const role of [MIGRATE_ROLE, WEB_ROLE]) {
    if (await isThere(admin, 'SELECT FROM pg_roles WHERE rolname = $1', role)) continue
    await admin.query(`CREATE ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE`)
  }
  if (!(await isThere(admin, 'SELECT FROM pg_database WHERE datname = $1', DATABASE))) {
    await admin.query(`CREATE DATABASE ${DATABASE} OWNER ${MIGRATE_ROLE}`)
  }
  // Everybody may make temporary tables by default; the web role may make nothing.
  await admin.query(`REVOKE ALL ON DATABASE ${DATABASE} FROM PUBLIC`)
  await admin.query(`GRANT CONNECT ON DATABASE ${DATABASE} TO ${WEB_ROLE}`)
}

async function isThere(admin: Client, query: string, name: string): Promise<boolean> {
  return ((await admin.query(query, [name])).rowCount ?? 0) > 0
}
