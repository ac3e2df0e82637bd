import { leadingAlert } from '../../incidents/alert-rows.ts'
import { setRunbook } from '../../incidents/incident-rows.ts'
import { happened } from '../../incidents/move.ts'
import { lookupRunbooks } from '../../knowledge/lookup.ts'
import { inTransaction, sentTogether } from '../../storage/postgres.ts'
import { lookDeeper } from '../deeper.ts'
import type { GraphDeps } from '../deps.ts'
import { noteSimilar } from '../similar.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'
import { watch } from '../watch.ts'

/**
 * Finds the runbooks that are for this alert, by name and matchers. Afterwards the first card says which one is known, or
 * that none is: then people are told, and nothing is proposed. What a search finds besides is a suggestion on the card and
 * becomes no candidate.
 */
export function recall(deps: GraphDeps) {
  return async function recall(state: IncidentState): Promise<IncidentUpdate> {
    const { sql, announcer, runbooks, knowledge } = deps
    const found = lookupRunbooks(runbooks().values(), await leadingAlert(sql, state.incident))
    const known = found.map(({ runbook }) => runbook.id)
    if (knowledge) await noteSimilar({ ...deps, knowledge }, state, known)
    const [best] = found
    if (!best)
      return await watch(deps, state, { outcome: null, because: 'No runbook is for this alert.', deeper: true })
    await inTransaction(sql, (tx) =>
      sentTogether([
        setRunbook(tx, state.incident, best.runbook),
        happened(tx, {
          incident: state.incident,
          round: state.round,
          name: 'runbook found',
          actor: 'agent',
          detail: { runbook: best.runbook.id, because: best.because },
          key: `recall:${state.round}`,
        }),
        lookDeeper(deps, tx, state, true),
        announcer.card(tx, [state.incident], 'soon'),
      ]),
    )
    return { candidates: known, next: 'investigate' }
  }
}
