import type { Outcome } from '../domain/incident.ts'
import type { PingKind } from '../incidents/announce.ts'
import { freeTargets } from '../incidents/leases.ts'
import { move } from '../incidents/move.ts'
import { wake } from '../incidents/wake.ts'
import { inTransaction } from '../storage/postgres.ts'
import { lookDeeper } from './deeper.ts'
import type { GraphDeps } from './deps.ts'
import { unsettledOf } from './doubt.ts'
import { endOf, type IncidentState, type IncidentUpdate } from './state.ts'

export interface Watching {
  /** Null where the round came to no outcome: there was nothing to propose. */
  outcome: Outcome | null
  /** One whole sentence for the card. */
  because: string
  ping?: PingKind
  /** Nothing could be proposed, so that a model may find what is the matter. */
  deeper?: true
}

/**
 * Leaves an incident to people: its card says why, its targets are free, and the graph waits for them or for the end of the
 * alerts. While a call of it is in doubt, the targets stay its own, and what people are asked is what becomes of that call.
 */
export async function watch(
  deps: GraphDeps,
  state: IncidentState,
  { outcome, because, ping, deeper }: Watching,
): Promise<IncidentUpdate> {
  const { sql, announcer } = deps
  const { incident, round } = state
  return await inTransaction(sql, async (tx) => {
    const doubt = await unsettledOf(tx, incident)
    await move(tx, {
      incident,
      round,
      name: 'incident left to people',
      actor: 'agent',
      to: 'watching',
      outcome: doubt ? 'in_doubt' : outcome,
      because,
      detail: { because },
      key: `watch:${endOf(state)}`,
    })
    if (deeper) await lookDeeper(deps, tx, state, false)
    if (doubt || ping) await announcer.ping(tx, incident, doubt ? 'doubt' : (ping ?? 'failed'))
    if (!doubt) await wake(tx, deps.queue, await freeTargets(tx, incident))
    await announcer.card(tx, [incident])
    return { wait: doubt ? ('doubt' as const) : ('watch' as const), next: 'await-outcome' as const }
  })
}
