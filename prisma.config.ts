import { defineConfig } from 'prisma/config'

// For Prisma's own commands. The server applies migrations by itself: docs/decisions/0002-migrations.md.
export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
  datasource: { url: process.env['DATABASE_MIGRATE_URL'] ?? process.env['DATABASE_URL'] ?? '' },
})
