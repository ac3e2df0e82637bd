import { randomUUID } from 'node:crypto'
import { type Amount, type BudgetLimits, refusedBy } from './budget.ts'
import type { CallBook, CallEnd, CallEntry } from './call-book.ts'

/** One call as it is kept; `end` is missing while it is under way. */
export interface KeptCall extends CallEntry {
  id: string
  at: Date
  end?: CallEnd
}

/** The book of calls where there is no database: for replays, evaluations and benches. */
export function memoryCalls(limits: BudgetLimits, now: () => Date): CallBook & { calls: readonly KeptCall[] } {
  const calls: KeptCall[] = []
  return {
    calls,
    async open(entry) {
      const today = now().toISOString().slice(0, 10)
      const cloud = calls.filter(({ place }) => place === 'cloud')
      const ours = calls.filter(({ incident }) => incident === entry.incident)
      const spent = {
        incident: { calls: ours.length, ...sum(ours) },
        day: sum(cloud.filter(({ at }) => at.toISOString().startsWith(today))),
        month: sum(cloud.filter(({ at }) => at.toISOString().startsWith(today.slice(0, 7)))),
      }
      const want = { tokens: entry.reservedTokens, microUsd: entry.reservedMicroUsd }
      const refused = refusedBy(limits, spent, { ...want, ...entry })
      if (refused !== undefined) return { refused }
      const id = randomUUID()
      calls.push({ ...entry, id, at: now() })
      return { id }
    },
    async close(id, end) {
      const call = calls.find((kept) => kept.id === id)
      if (call && !call.end) call.end = end
    },
  }
}

function sum(calls: readonly KeptCall[]): Amount {
  return calls.reduce(
    (total, { end, reservedTokens, reservedMicroUsd }) => ({
      tokens: total.tokens + (end?.tokens ?? reservedTokens),
      microUsd: total.microUsd + (end?.microUsd ?? reservedMicroUsd),
    }),
    { tokens: 0, microUsd: 0 },
  )
}
