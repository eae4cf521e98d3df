/** How long the calls of some methods took, all in all; of nested and simultaneous ones each counts. */
export function stopwatch() {
  const took = new Map<string, number>()
  return {
    watch<T extends object>(thing: T, ...methods: (keyof T & string)[]): T {
      return new Proxy(thing, {
        get(target, name, receiver) {
          const method: unknown = Reflect.get(target, name, receiver)
          if (typeof method !== 'function' || !methods.some((each) => each === name)) return method
          return async (...args: unknown[]): Promise<unknown> => {
            const from = performance.now()
            try {
              return await Reflect.apply(method, target, args)
            } finally {
              const ms = took.get(String(name)) ?? 0
              took.set(String(name), ms + performance.now() - from)
            }
          }
        },
      })
    },
    /** `lintMs: 12`, and so on. */
    times: () => Object.fromEntries([...took].map(([name, ms]) => [`${name}Ms`, Math.round(ms)])),
  }
}
