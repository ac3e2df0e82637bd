import type { Sql } from '../storage/postgres.ts'

const LOOK_EVERY_MS = 1_000

/** A signal that aborts when nobody wants the investigation any more, at most a second later. Stop it afterwards. */
export function untilWithdrawn(sql: Sql, id: string, outer: AbortSignal): { signal: AbortSignal; stop(): void } {
  const withdrawn = new AbortController()
  const timer = setInterval(() => {
    sql<{ status: string }[]>`select status from investigations where id = ${id}`
      .then(([row]) => {
        if (row?.status !== 'running') withdrawn.abort(new Error('nobody wants it any more'))
      })
      // Whether it is still wanted is not known then: it goes on.
      .catch(() => undefined)
  }, LOOK_EVERY_MS)
  return { signal: AbortSignal.any([outer, withdrawn.signal]), stop: () => clearInterval(timer) }
}
