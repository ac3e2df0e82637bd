import { effectsOf, loadPlan } from '../../approvals/plan-store.ts'
import type { Effect } from '../../domain/effect.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Plan } from '../../domain/plan.ts'
import { type AlertStanding, firingAlerts, leadingAlert } from '../../incidents/alert-rows.ts'
import { move } from '../../incidents/move.ts'
import { setTimer } from '../../incidents/wake.ts'
import { holds } from '../../knowledge/conditions.ts'
import { inTransaction } from '../../storage/postgres.ts'
import { checkResults, look } from '../../tools/evidence.ts'
import type { GraphDeps } from '../deps.ts'
import { probe } from '../probe.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'
import { HEARING_GRACE_MS, type Judgement, judgeAlert, judgeTool, sumUp } from '../verification.ts'

/**
 * Judges whether what ran has helped: by the platform's own word and by the alert, within the runbook's windows. Afterwards
 * there is a verdict, or a time at which to look again.
 */
export function verify(deps: GraphDeps) {
  return async function verify(state: IncidentState): Promise<IncidentUpdate> {
    const plan = await loadPlan(deps.sql, state.plan)
    const done = (await effectsOf(deps.sql, plan.id)).filter((effect) => effect.status === 'done')
    if (plan.body.purpose === 'undo')
      return { verdict: { outcome: 'abandoned', because: 'The change was taken back.' }, next: 'record' }
    const standing = await firingAlerts(deps.sql, state.incident)
    const { alertVersion } = standing
    const judgements = await judge(deps, state, { plan, done, standing })
    const verdict = sumUp(judgements)
    if (verdict.state === 'pending') return { ...(await lookAgain(deps, state, verdict)), alertVersion }
    if (verdict.state === 'failed')
      return { alertVersion, verdict: { outcome: 'not_fixed', because: verdict.because }, next: 'record' }
    if (verdict.state === 'unknown')
      return { alertVersion, verdict: { outcome: 'unknown', because: verdict.because }, next: 'record' }
    const reverted = await firstReverted(deps, plan, done)
    if (reverted) return { alertVersion, verdict: { outcome: 'reverted', because: reverted }, next: 'record' }
    return { alertVersion, verdict: { outcome: 'fixed', because: verdict.because }, next: 'record' }
  }
}

interface Watched {
  plan: Plan
  done: readonly Effect[]
  standing: AlertStanding
}

async function judge(deps: GraphDeps, state: IncidentState, { plan, done, standing }: Watched): Promise<Judgement[]> {
  const ranAt = Math.max(0, ...done.map((effect) => effect.finishedAt?.getTime() ?? 0))
  const times = { ranAt, now: standing.now.getTime() }
  const hearing = { since: deps.listeningSince.getTime(), graceMs: HEARING_GRACE_MS * deps.options.verifyScale }
  const { inputs, verify: clauses } = plan.body
  const judgements: Judgement[] = []
  for (const [index, clause] of clauses.entries()) {
    if (clause.kind === 'alert') {
      judgements.push(judgeAlert(clause, standing, times, hearing))
      continue
    }
    const { tool, args, expect } = clause
    const place = { incident: state.incident, round: state.round }
    const answer = await look(deps, { ...place, key: `verify:${index}`, tool, args, askedBy: 'verify' })
    const expected = async (result: JsonObject) =>
      expect === undefined || holds(expect, { ...(await scopeOf(deps, state, plan)), inputs, result }).holds
    const sound = answer.ok && (await expected(answer.result))
    judgements.push(judgeTool(clause, { sound, summary: answer.ok ? answer.summary : answer.message }, times))
  }
  return judgements
}

/** What the runbook's checks and the alert had to say, for a condition that asks. */
async function scopeOf({ sql }: GraphDeps, { incident, round }: IncidentState, { body }: Plan) {
  const alert = await leadingAlert(sql, incident)
  const checks = body.runbook ? await checkResults(sql, incident, body.checksRound ?? round, body.runbook.id) : {}
  return { alert, checks }
}

async function lookAgain(
  { sql, announcer }: GraphDeps,
  state: IncidentState,
  verdict: { lookAgainMs: number; because: string },
): Promise<IncidentUpdate> {
  await inTransaction(sql, async (tx) => {
    const before = await tx<
      { status: string; because: string | null }[]
    >`select status, because from incidents where id = ${state.incident}`
    await move(tx, {
      incident: state.incident,
      round: state.round,
      name: 'verification started',
      actor: 'agent',
      to: 'verifying',
      because: verdict.because,
      key: `verifying:${state.round}`,
    })
    await setTimer(tx, state.incident, 'verify', verdict.lookAgainMs)
    if (before[0]?.status !== 'verifying' || before[0].because !== verdict.because)
      await announcer.card(tx, [state.incident], 'soon')
  })
  return { wait: 'verify', next: 'await-outcome' }
}

/** GitOps, or somebody else, may have taken a change back while it was being watched. */
async function firstReverted(deps: GraphDeps, plan: Plan, done: readonly Effect[]): Promise<string | undefined> {
  for (const effect of done) {
    const action = plan.body.actions[effect.action]
    if (!action) continue
    const found = await probe(deps, action, effect)
    if (found.state === 'not_done') return `${action.tool} was taken back by somebody else: ${found.because}`
  }
  return undefined
}
