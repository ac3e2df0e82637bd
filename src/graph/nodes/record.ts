import { effectsOf, findPlan } from '../../approvals/plan-store.ts'
import { writeLedger } from '../../autonomy/ledger.ts'
import { creditOf, recordTrust } from '../../autonomy/trust.ts'
import type { Effect } from '../../domain/effect.ts'
import type { Incident, Outcome } from '../../domain/incident.ts'
import type { Plan } from '../../domain/plan.ts'
import { firingAlerts } from '../../incidents/alert-rows.ts'
import type { PingKind } from '../../incidents/announce.ts'
import { lockIncident } from '../../incidents/incident-rows.ts'
import { freeTargets } from '../../incidents/leases.ts'
import { move } from '../../incidents/move.ts'
import { clearTimers, setTimer, wake } from '../../incidents/wake.ts'
import { inTransaction, sentTogether, type Tx } from '../../storage/postgres.ts'
import type { GraphDeps } from '../deps.ts'
import { giveUp, unsettledOf } from '../doubt.ts'
import { skipRest } from '../effects.ts'
import { endOf, type IncidentState, type IncidentUpdate } from '../state.ts'

/**
 * Writes down what became of the round. Afterwards its targets are free, but while a call is in doubt and the alerts fire; trust
 * and ledger have the outcome, and the incident is closed, or, while its alerts still fire, left to people.
 */
export function record(deps: GraphDeps) {
  return async function record(state: IncidentState): Promise<IncidentUpdate> {
    const plan = state.plan === null ? undefined : await findPlan(deps.sql, state.plan)
    const effects = plan ? await effectsOf(deps.sql, plan.id) : []
    const done = effects.filter((effect) => effect.status === 'done')
    if (plan && state.verdict && done.length > 0 && done.length < plan.body.actions.length)
      await skipRest(deps.sql, plan, Math.max(...done.map((effect) => effect.action)), 'the plan ended before it')
    return await inTransaction(deps.sql, async (tx) => {
      const [incident, { firing, alertVersion }] = await sentTogether([
        lockIncident(tx, state.incident),
        firingAlerts(tx, state.incident),
      ])
      if (incident.status === 'closed' || incident.round > state.round) return { next: 'end' }
      // What was waited for goes on being waited for when the end of the alerts was none.
      if (!state.verdict && !state.quiet && firing > 0) return { alertVersion, next: 'await-outcome' }
      // It had cleared, and fires again: that is not the end but a new beginning.
      if (state.verdict?.outcome === 'self_resolved' && firing > 0)
        return { round: state.round + 1, purpose: 'fix', chosen: null, next: 'triage' }
      // It fired again since the verdict: nothing is fixed, and it goes on being watched.
      if (state.verdict?.outcome === 'fixed' && firing > 0 && alertVersion > state.alertVersion)
        return { verdict: null, wait: 'verify', next: 'await-outcome' }
      if (state.verdict?.outcome === 'abandoned') await giveUp(tx, incident.id)
      const unsettled = (await unsettledOf(tx, incident.id)) !== undefined
      const doubt = firing > 0 && unsettled
      // In this order: a snooze sets a timer of its own.
      const [, freed, next] = await sentTogether([
        clearTimers(tx, incident.id, ['expiry', 'verify', 'snooze', 'effect']),
        doubt ? [] : freeTargets(tx, incident.id),
        firing > 0 && state.quiet
          ? beQuiet(tx, state, state.quiet)
          : conclude(deps, tx, { state, incident, firing, doubt }),
        deps.announcer.card(tx, [incident.id]),
      ])
      await wake(tx, deps.queue, freed)
      await settleAccounts(tx, { state, incident, plan, effects, unsettled, next })
      return { ...next, alertVersion, quiet: null, verdict: null }
    })
  }
}

async function beQuiet(
  tx: Tx,
  state: IncidentState,
  quiet: NonNullable<IncidentState['quiet']>,
): Promise<IncidentUpdate> {
  const snooze = quiet.kind === 'snooze'
  await move(tx, {
    incident: state.incident,
    round: state.round,
    name: snooze ? 'incident snoozed' : 'incident ignored',
    actor: `person:${quiet.by}`,
    to: snooze ? 'snoozed' : 'ignored',
    because: snooze ? `${quiet.by} asked for quiet; I look again then.` : `${quiet.by} asked for quiet until it ends.`,
    key: `quiet:${state.round}:${state.lastRequest}`,
  })
  if (snooze) {
    await setTimer(tx, state.incident, 'snooze', quiet.minutes * 60_000)
    await tx`
      update incidents set snoozed_until = watch_now() + ${quiet.minutes} * interval '1 minute' where id = ${state.incident}`
  }
  return { wait: quiet.kind, next: 'await-outcome' }
}

/** Outcomes after which people must hear of it at once; of one that cannot be told, while the alerts fire. */
function pingFor(outcome: Outcome, over: boolean): PingKind | undefined {
  if (outcome === 'unknown') return over ? undefined : 'unknown'
  return outcome === 'not_fixed' || outcome === 'reverted' ? 'failed' : undefined
}

async function conclude(
  { announcer, deeper }: GraphDeps,
  tx: Tx,
  { state, incident, firing, doubt }: { state: IncidentState; incident: Incident; firing: number; doubt: boolean },
): Promise<IncidentUpdate> {
  const quietly = incident.status === 'ignored' ? ('ignored' as const) : ('self_resolved' as const)
  const verdict = state.verdict ?? {
    outcome: incident.outcome ?? quietly,
    because: incident.outcome === null ? 'The alert cleared by itself.' : incident.because,
  }
  const over = firing === 0
  const ping = state.verdict && pingFor(verdict.outcome, over)
  const closing = { subject: `closed:${incident.id}`, topic: 'resolved', text: '', incident: incident.id }
  await sentTogether([
    move(tx, {
      incident: incident.id,
      round: state.round,
      name: over ? 'incident closed' : 'round ended',
      actor: 'agent',
      to: over ? 'closed' : 'watching',
      outcome: verdict.outcome,
      because: verdict.because,
      detail: { outcome: verdict.outcome, because: verdict.because },
      key: `${over ? 'closed' : 'ended'}:${endOf(state)}`,
    }),
    ping && announcer.ping(tx, incident.id, ping),
    over && announcer.notice(tx, closing),
    over && deeper?.withdraw(tx, incident.id),
  ])
  if (over) return { next: 'end' }
  return { wait: doubt ? 'doubt' : 'watch', next: 'await-outcome' }
}

async function settleAccounts(
  tx: Tx,
  {
    state,
    incident,
    plan,
    effects,
    unsettled,
    next,
  }: {
    state: IncidentState
    incident: Incident
    plan: Plan | undefined
    effects: readonly Effect[]
    /** Its runbook's record has one line for a round, which is for what becomes of the call. */
    unsettled: boolean
    next: IncidentUpdate
  },
): Promise<void> {
  const ran = effects.filter((effect) => effect.status === 'done').length
  const { verdict } = state
  const credit = plan && verdict && creditOf(plan, verdict, { ran, standing: state.approval === null })
  if (plan && credit && !unsettled) await recordTrust(tx, { plan, incident, ...credit })
  if (!verdict && next.next !== 'end') return
  await writeLedger(tx, [
    {
      kind: 'outcome',
      incident: incident.id,
      key: `outcome:${incident.id}:${endOf(state)}:${verdict ? 'verdict' : 'closed'}`,
      body: {
        round: state.round,
        outcome: verdict?.outcome ?? incident.outcome ?? 'self_resolved',
        because: verdict?.because ?? 'the alert cleared',
        plan: plan?.digest ?? null,
        ran,
        closed: next.next === 'end',
      },
    },
  ])
}
