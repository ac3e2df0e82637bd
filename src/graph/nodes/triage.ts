import type { Incident } from '../../domain/incident.ts'
import { firingAlerts } from '../../incidents/alert-rows.ts'
import { lockIncident } from '../../incidents/incident-rows.ts'
import { move } from '../../incidents/move.ts'
import { clearTimers } from '../../incidents/wake.ts'
import { inTransaction, sentTogether, type Tx } from '../../storage/postgres.ts'
import type { GraphDeps } from '../deps.ts'
import { type Unsettled, unsettledOf } from '../doubt.ts'
import { type IncidentState, type IncidentUpdate, mends } from '../state.ts'

/**
 * Begins a round: afterwards the incident is open under this round, with nothing left over from the one before. Where its
 * alerts have cleared meanwhile there is nothing to do, and that is recorded. While a call of an earlier round may have run, or
 * not, no round begins: its plan is taken up again, and looked at once more.
 */
export function triage({ sql, announcer }: GraphDeps) {
  return async function triage(state: IncidentState): Promise<IncidentUpdate> {
    return await inTransaction(sql, async (tx) => {
      const incident = await lockIncident(tx, state.incident)
      const unsettled = await unsettledOf(tx, incident.id)
      if (incident.status === 'closed' && (unsettled || mends(state.purpose) || (await hasOpenTwin(tx, incident))))
        return { next: 'end' }
      if (unsettled) return await backTo(tx, state, unsettled)
      const [{ firing, alertVersion }, round] = await sentTogether([
        firingAlerts(tx, incident.id),
        openRound(tx, incident.id, Math.max(incident.round, state.round)),
        clearTimers(tx, incident.id, ['expiry', 'verify', 'snooze', 'effect']),
        tx`
          update approvals set status = 'superseded', decided_by = 'agent', decided_at = watch_now()
          where incident_id = ${incident.id} and status = 'pending'`,
      ])
      const fresh = {
        round,
        alertVersion,
        plan: null,
        approval: null,
        cursor: 0,
        attempt: 1,
        wait: null,
        verdict: null,
        quiet: null,
      }
      if (firing === 0 && mends(state.purpose))
        return {
          ...fresh,
          verdict: { outcome: 'self_resolved', because: 'the alert cleared by itself' },
          next: 'record',
        }
      await sentTogether([
        move(tx, {
          incident: incident.id,
          round,
          name: 'round started',
          actor: 'agent',
          to: 'open',
          outcome: null,
          because: null,
          key: `round:${round}`,
        }),
        announcer.card(tx, [incident.id], 'soon'),
      ])
      if (state.purpose !== 'fix') return { ...fresh, next: 'propose' }
      return { ...fresh, next: state.chosen ? 'investigate' : 'recall' }
    })
  }
}

/**
 * Puts the incident into its next round, and answers which that is. It has no plan yet, whatever rounds there have been: a plan that
 * was there already would be taken up with the verdict that somebody gave on it then.
 */
async function openRound(tx: Tx, incident: number, next: number): Promise<number> {
  const [row] = await tx<{ round: number }[]>`
    update incidents set waits_for = null, snoozed_until = null,
      round = greatest(${next}::integer, (select max(round) + 1 from plans where incident_id = ${incident}))
    where id = ${incident} returning round`
  if (!row) throw new Error(`incident ${incident} does not exist`)
  return row.round
}

/** Under an attempt that nobody has permitted: what is there to be done is to look. */
async function backTo(tx: Tx, state: IncidentState, { effect, round, purpose }: Unsettled): Promise<IncidentUpdate> {
  await tx`update incidents set round = ${round}, waits_for = null, snoozed_until = null where id = ${state.incident}`
  const attempt = state.attempt + 1
  return {
    round,
    purpose,
    plan: effect.planId,
    cursor: effect.action,
    attempt,
    verdict: null,
    quiet: null,
    next: 'execute',
  }
}

/** Of one key only one incident may be open: an undo that comes too late for that is left alone. */
async function hasOpenTwin(tx: Tx, { id, correlationKey }: Incident): Promise<boolean> {
  const twins = await tx`
    select 1 from incidents where correlation_key = ${correlationKey} and closed_at is null and id <> ${id}`
  return twins.length > 0
}
