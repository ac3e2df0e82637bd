import { newestAlert } from '../../incidents/alert-rows.ts'
import { setRunbook } from '../../incidents/incident-rows.ts'
import { happened } from '../../incidents/move.ts'
import { lookupRunbooks } from '../../knowledge/lookup.ts'
import { inTransaction, sentTogether } from '../../storage/postgres.ts'
import { noteChanged } from '../changed.ts'
import { lookDeeper } from '../deeper.ts'
import type { GraphDeps } from '../deps.ts'
import { noteSimilar } from '../similar.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'
import { watch } from '../watch.ts'

/**
 * Finds the runbooks that are for this alert, by name and matchers. Afterwards the first card says which one is known, or
 * that none is: then people are told, and nothing is proposed. What a search finds besides is a suggestion on the card and
 * becomes no candidate. Nor does what changed shortly before: it is looked for beside the search, and neither is waited for longer
 * than a second.
 */
export function recall(deps: GraphDeps) {
  return async function recall(state: IncidentState): Promise<IncidentUpdate> {
    const { sql, announcer, runbooks, knowledge, changes } = deps
    const { labels, annotations, ...about } = await newestAlert(sql, state.incident)
    const alert = { labels, annotations }
    const found = lookupRunbooks(runbooks().values(), alert)
    const known = found.map(({ runbook }) => runbook.id)
    await Promise.all([
      knowledge && noteSimilar({ ...deps, knowledge }, state, known),
      changes && noteChanged({ ...deps, changes }, state, { ...alert, ...about }),
    ])
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
