const SCORE_MAX = 1000

/**
 * What programs and tasks say to the kernel of themselves, so that short of memory it takes them and not us. A pod's agent may
 * begin with any score, and nobody may lower theirs: each stands half of what is left above the one before.
 */
export function oomScores(own: number): { readonly program: number; readonly task: number } {
  const program = Math.max(500, own + Math.ceil((SCORE_MAX - own) / 2))
  return { program, task: Math.max(900, program + Math.ceil((SCORE_MAX - program) / 2)) }
}
