import { defineConfig } from '@playwright/test'

/** Root may not use Chromium's own sandbox; what it opens here is our own pages. */
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']

/** The server is started by whoever runs these; `DRAGOMAN_URL` says where it is. */
export default defineConfig({
  testDir: 'e2e',
  testMatch: '*.e2e.ts',
  outputDir: 'test-results',
  timeout: 60_000,
  expect: { timeout: 15_000 },
  workers: 2,
  fullyParallel: true,
  forbidOnly: true,
  retries: 1, // told of and counted by `npm test`
  reporter: [['list']],
  use: {
    baseURL: process.env['DRAGOMAN_URL'] ?? 'http://localhost:3000',
    trace: 'retain-on-failure',
    launchOptions: {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: process.getuid?.() === 0 ? ARGS : ARGS.slice(1),
    },
  },
})
