import type { Outcome } from '../domain/incident.ts'
import type { PingKind } from '../incidents/announce.ts'
import { move } from '../incidents/move.ts'
import { inTransaction } from '../storage/postgres.ts'
import { lookDeeper } from './deeper.ts'
import type { GraphDeps } from './deps.ts'
import type { IncidentState, IncidentUpdate } from './state.ts'

export interface Watching {
  /** Null where the round came to no outcome: there was nothing to propose. */
  outcome: Outcome | null
  /** One whole sentence for the card. */
  because: string
  ping?: PingKind
  /** Nothing could be proposed, so that a model may find what is the matter. */
  deeper?: true
}

/** Leaves an incident to people: its card says why, and the graph waits for them or for the end of the alerts. */
export async function watch(
  deps: GraphDeps,
  state: IncidentState,
  { outcome, because, ping, deeper }: Watching,
): Promise<IncidentUpdate> {
  const { sql, announcer } = deps
  const { incident, round } = state
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
    if (deeper) await lookDeeper(deps, tx, state, false)
    if (ping) await announcer.ping(tx, incident, ping)
    await announcer.card(tx, [incident])
  })
  return { wait: 'watch', next: 'await-outcome' }
}
