import type { Outcome } from '../domain/incident.ts'
import type { PingKind } from '../incidents/announce.ts'
import { move } from '../incidents/move.ts'
import { inTransaction } from '../storage/postgres.ts'
import type { GraphDeps } from './deps.ts'
import type { IncidentState, IncidentUpdate } from './state.ts'

export interface Watching {
  /** Null where the round came to no outcome: there was nothing to propose. */
  outcome: Outcome | null
  /** One whole sentence for the card. */
  because: string
  ping?: PingKind
}

/** Leaves an incident to people: its card says why, and the graph waits for them or for the end of the alerts. */
export async function watch(
  { sql, announcer }: GraphDeps,
  { incident, round }: IncidentState,
  { outcome, because, ping }: Watching,
): Promise<IncidentUpdate> {
  await inTransaction(sql, async (tx) => {
    await move(tx, {
      incident,
      round,
      name: 'incident left to people',
      actor: 'agent',
      to: 'watching',
      outcome,
      because,
      detail: { because },
      key: `watch:${round}`,
    })
    if (ping) await announcer.ping(tx, incident, ping)
    await announcer.card(tx, [incident])
  })
  return { wait: 'watch', next: 'await-outcome' }
}
