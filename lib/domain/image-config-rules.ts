import { pathProblem } from './layer-paths.ts'
import type { ImageConfig } from './oci-image.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*=/
/** Variables by which a program is made to load something of somebody else's. */
const LOADERS = /^(LD_|GLIBC_TUNABLES=|GCONV_PATH=|NODE_OPTIONS=)/
const KERNEL = /^\/(dev|proc|sys)(\/|$)/

/** Why the configuration of an image is refused: a runtime would believe what it says. */
export function imageConfigProblem({ config }: ImageConfig): string | undefined {
  const { WorkingDir = '', Env = [], User = '' } = config ?? {}
  if (WorkingDir !== '' && WorkingDir !== '/') {
    if (!WorkingDir.startsWith('/') || pathProblem(WorkingDir.slice(1)))
      return `WorkingDir "${WorkingDir}" is no plain absolute path`
    if (KERNEL.test(WorkingDir)) return `WorkingDir "${WorkingDir}" is the kernel's`
  }
  const badVariable = Env.find((variable) => !NAME.test(variable) || LOADERS.test(variable) || variable.includes('\0'))
  if (badVariable !== undefined) return `Env has "${badVariable.slice(0, 100)}"`
  if (User !== '' && !/^\d{1,5}(:\d{1,5})?$/.test(User)) return `User "${User}" is no number`
  return undefined
}
