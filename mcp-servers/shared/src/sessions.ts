/** How long a client may say nothing, in milliseconds. */
const IDLE = 30 * 60_000

export type Sessions<T> = {
  add(id: string, session: T): void
  /** The session of a request, which from then on is not idle; undefined for one that is not known, or no longer. */
  find(id: string): T | undefined
  delete(id: string): void
  /** Runs a call of a session. Until it ends the session is not idle, however long that takes. */
  during<R>(id: string | undefined, call: () => Promise<R>): Promise<R>
  /** Those of which nothing has been heard for half an hour. */
  idle(): T[]
  all(): T[]
  count(): number
}

/** The sessions of HTTP clients. `now` counts milliseconds and never goes back. */
export function openSessions<T>(now: () => number): Sessions<T> {
  const known = new Map<string, { session: T; seen: number; calls: number }>()
  return {
    add: (id, session) => known.set(id, { session, seen: now(), calls: 0 }),
    find(id) {
      const found = known.get(id)
      if (found) found.seen = now()
      return found?.session
    },
    delete: (id) => known.delete(id),
    async during(id, call) {
      const found = id === undefined ? undefined : known.get(id)
      if (!found) return call()
      found.calls += 1
      try {
        return await call()
      } finally {
        found.calls -= 1
        found.seen = now()
      }
    },
    idle: () =>
      [...known.values()].filter(({ seen, calls }) => calls === 0 && seen < now() - IDLE).map(({ session }) => session),
    all: () => [...known.values()].map(({ session }) => session),
    count: () => known.size,
  }
}
