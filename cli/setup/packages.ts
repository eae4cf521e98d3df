import { commandsInSandbox, hasCommand } from '#lib/adapters/system/has-command.ts'
import { readiness } from '#lib/application/languages/readiness.ts'
import type { Config } from '#lib/config/options.ts'
import type { Language } from '#lib/domain/language.ts'
import { installDebian, installLine, isDebian, missingPackages } from './debian.ts'
import { say } from './progress.ts'
import { TOP } from './stamps.ts'

/** So that there is a language to begin with; the others come as their packages do. */
const FIRST_LANGUAGE = 'python'
/** What makes base images, and with them all others. */
const FOR_BUILDS = ['mmdebstrap']
/**
 * A browser for what a person does; a store that speaks S3; a registry, and tools
 * that know nothing of us to read its images.
 */
const FOR_TESTS = ['chromium', 'fonts-dejavu-core', 'runsc', 'python3-swift', 'docker-registry', 'skopeo', 'umoci']

/** What a goal wants of the machine beside the runtime. */
export function wantedPackages(isTest: boolean, languages: readonly Language[]): readonly string[] {
  const wanted = isTest ? languages : languages.filter(({ id }) => id === FIRST_LANGUAGE)
  return [...FOR_BUILDS, ...(isTest ? FOR_TESTS : []), ...new Set(wanted.flatMap((language) => language.packages))]
}

/** Brings the runtime and the wanted packages; answers what to say. Without the runtime nothing goes, without the rest less. */
export async function installPackages(config: Config, wanted: readonly string[]): Promise<string> {
  const lacksRuntime = !config.runtimePath && !hasCommand(config.runtime, process.env['PATH'])
  if (!isDebian()) {
    if (lacksRuntime)
      throw new Error(`"${config.runtime}" is not on the path, and this is no Debian, so it cannot be installed from here`)
    return 'not looked at, this is no Debian'
  }
  const missing = [...(lacksRuntime ? [config.runtime] : []), ...(await missingPackages(wanted))]
  if (missing.length === 0) return 'all there'
  if (process.getuid?.() !== 0) {
    if (lacksRuntime) throw new Error(`"${config.runtime}" is missing; as root: ${installLine(missing)}`)
    return `missing; as root: ${installLine(missing)}`
  }
  say(`Debian packages: installing ${missing.join(' ')}`)
  await installDebian(missing)
  return `installed ${missing.join(' ')}`
}

/** Languages that cannot run here, for a person to know what could be. */
export async function absentLanguages(languages: readonly Language[]): Promise<string | undefined> {
  const hasCommandHere = commandsInSandbox(TOP)
  const absent = languages.filter((language) => !readiness(language, hasCommandHere).ready)
  if (absent.length === 0) return undefined
  const names = `Not installed: ${absent.map((language) => language.name).join(', ')}`
  const missing = isDebian() ? await missingPackages([...new Set(absent.flatMap((language) => language.packages))]) : []
  return missing.length === 0 ? names : `${names}. To have them: ${installLine(missing)}`
}
