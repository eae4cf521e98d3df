/** Where the visitor's files lie in the sandbox. */
export const HOME_URI = 'file:///home/visitor'

export const uriOf = (path: string): string => `${HOME_URI}/${path.split('/').map(encodeURIComponent).join('/')}`

/** Undefined for what does not lie in the home. */
export function pathOf(uri: string): string | undefined {
  if (!uri.startsWith(`${HOME_URI}/`)) return undefined
  try {
    return decodeURIComponent(uri.slice(HOME_URI.length + 1))
  } catch {
    return undefined
  }
}

const METHOD_NOT_FOUND = -32_601
type Reply = { readonly result: unknown } | { readonly error: { readonly code: number; readonly message: string } }

/** What a language server may ask its client; `registered` hears of what it registers later. */
export function answerTo(
  method: string,
  params: unknown,
  config: unknown,
  registered: (method: string, options: unknown) => void,
): Reply {
  switch (method) {
    case 'workspace/configuration':
      return { result: settingsFor(params, config) }
    case 'workspace/workspaceFolders':
      return { result: FOLDERS }
    case 'client/registerCapability':
      for (const { method: of, registerOptions } of listIn(params, 'registrations'))
        if (typeof of === 'string') registered(of, registerOptions)
      return { result: null }
    case 'client/unregisterCapability':
    case 'window/workDoneProgress/create':
    case 'window/showMessageRequest':
      return { result: null }
    case 'window/showDocument':
      return { result: { success: false } }
    case 'workspace/applyEdit':
      return { result: { applied: false } }
    default:
      if (/^workspace\/\w+\/refresh$/.test(method)) return { result: null }
      return { error: { code: METHOD_NOT_FOUND, message: 'Not known here' } }
  }
}

export const FOLDERS = [{ uri: HOME_URI, name: 'home' }]

/** The section of the settings that each item asks for. */
function settingsFor(params: unknown, config: unknown): unknown[] {
  return listIn(params, 'items').map(({ section }) => {
    if (typeof section !== 'string' || section === '') return config ?? null
    return section.split('.').reduce(inside, config) ?? inside(config, section) ?? null
  })
}

const inside = (value: unknown, key: string): unknown => (isRecord(value) && Object.hasOwn(value, key) ? value[key] : undefined)

function listIn(value: unknown, key: string): Record<string, unknown>[] {
  const list = inside(value, key)
  return Array.isArray(list) ? list.map((item: unknown) => (isRecord(item) ? item : {})) : []
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
