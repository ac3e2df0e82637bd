/**
 * A port none of whose methods ever answers. Each finds the AbortSignal among its arguments (itself or one property deep)
 * and rejects when that aborts, as a vendor client does.
 */
export function hangingPort<Port extends object>(fields: Partial<Port> = {}) {
  const called = Promise.withResolvers<string>()
  const aborted = Promise.withResolvers<unknown>()
  const port = new Proxy(fields as Port, {
    get(target, name) {
      const own: unknown = Reflect.get(target, name)
      if (own !== undefined || typeof name === 'symbol' || name === 'then') return own
      return (...args: unknown[]) => {
        const signal = args
          .flatMap((arg) => [arg, ...Object.values(Object(arg))])
          .find((arg) => arg instanceof AbortSignal)
        called.resolve(name)
        return new Promise((_, reject) => {
          const end = () => {
            aborted.resolve(signal?.reason)
            reject(signal?.reason)
          }
          if (signal?.aborted) end()
          else signal?.addEventListener('abort', end, { once: true })
        })
      }
    },
  })
  return { port, called: called.promise, aborted: aborted.promise }
}
