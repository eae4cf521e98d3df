import { hasCommand } from '../adapters/system/has-command.ts'
import type { Config } from '../config/options.ts'

/** What making images takes beside the sandboxes, and Debian's package for each. */
const COMMANDS: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  'apt-get': 'apt',
  'dpkg-deb': 'dpkg',
  setpriv: 'util-linux',
}
/** Recipes run by these; gVisor is for visitors' programs. */
const RECIPE_RUNTIMES = ['runc', 'crun'] as const

/** Where the runtime of recipes is on this machine. */
export function recipeRuntime({ runtime, runtimePath }: Pick<Config, 'runtime' | 'runtimePath'>): string | undefined {
  if (runtimePath && runtime !== 'runsc') return runtimePath
  return [runtime, ...RECIPE_RUNTIMES].find((name) => name !== 'runsc' && hasCommand(name, process.env['PATH']))
}

/** Beside the pods, which are made of images that both this server and the nodes reach. */
const COMMANDS_FOR_PODS = ['apt-get', 'tar'] as const

/** Why nothing can be built by this server, for a person to read; undefined when it can. */
export function buildsAreOff(config: Pick<Config, 'builder' | 'runtime' | 'runtimePath' | 'registryUrl'>): string | undefined {
  if (config.builder === 'off') return 'DRAGOMAN_BUILDER is off'
  if (config.builder === 'pods') {
    const missing = COMMANDS_FOR_PODS.filter((name) => !hasCommand(name, process.env['PATH']))
    if (missing.length > 0) return `missing here: ${missing.join(', ')}`
    return config.registryUrl === undefined ? 'pods pull images from a registry, and DRAGOMAN_REGISTRY_URL names none' : undefined
  }
  if (process.getuid?.() !== 0) return 'only root makes images'
  const missing = Object.keys(COMMANDS).filter((name) => !hasCommand(name, process.env['PATH']))
  if (missing.length > 0)
    return `missing here: ${missing.join(', ')} (Debian's ${missing.map((name) => COMMANDS[name]).join(', ')})`
  return recipeRuntime(config) ? undefined : `neither ${RECIPE_RUNTIMES.join(' nor ')} is on the path`
}
