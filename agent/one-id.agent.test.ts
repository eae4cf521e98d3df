import { way } from './testing/way.ts'

// All that holds of an agent holds of one that has but one id, as in a restricted pod.
way.oneId = true
await import('./fencing.agent.test.ts')
await import('./jobs.agent.test.ts')
await import('./session.agent.test.ts')
await import('./tasks.agent.test.ts')
