import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { fieldsPage } from '#lib/adapters/lang-files/fields-page.ts'
import { configPage } from '#lib/config/config-page.ts'

import { clientSource } from './server/client-source.ts'

writeFileSync(join(import.meta.dirname, '../docs/CONFIG.md'), configPage())
writeFileSync(join(import.meta.dirname, '../docs/languages-config.md'), fieldsPage())
writeFileSync(join(import.meta.dirname, 'server/client.ts'), clientSource())
