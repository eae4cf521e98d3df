/** How the agents of a test file run; `one-id.agent.test.ts` runs all of them the second way. */
export const way = { oneId: false }
