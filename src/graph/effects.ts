import { findApproval, votesOn } from '../approvals/approval-store.ts'
import { type EffectRow, toEffect } from '../approvals/plan-rows.ts'
import { effectsOf } from '../approvals/plan-store.ts'
import { approverWords, strictness, tally } from '../approvals/second-person.ts'
import { writeLedger } from '../autonomy/ledger.ts'
import { type LevelInForce, levelOf } from '../autonomy/levels.ts'
import { holdPolicy, type Policy } from '../autonomy/policy-setting.ts'
import type { Approval, Vote } from '../domain/approval.ts'
import type { Effect } from '../domain/effect.ts'
import { hashOf, type JsonObject } from '../domain/json.ts'
import { atLeast } from '../domain/person.ts'
import { type Action, type Plan, planDigest, targetName } from '../domain/plan.ts'
import { firingAlerts } from '../incidents/alert-rows.ts'
import { lockIncident } from '../incidents/incident-rows.ts'
import { holdsLease, takeTargets } from '../incidents/leases.ts'
import { move } from '../incidents/move.ts'
import { inTransaction, json, type Sql, sentTogether, type Tx } from '../storage/postgres.ts'
import { rule } from '../tools/policy.ts'
import { effectOfCall } from '../tools/rules.ts'
import type { GraphDeps, Run } from './deps.ts'
import { settleEarlier } from './doubt.ts'
import type { IncidentState } from './state.ts'

/** What permits a run, as its row says. */
export interface Authorization {
  id: string
  actions: number[]
  approvalId: string | null
  levelChangeId: number | null
}

/** Why an action may not start now. `anew` means that what was approved no longer is what would run. */
export interface Refusal {
  kind: 'anew' | 'cleared' | 'held' | 'stop' | 'lost'
  because: string
}

export type Start = { effect: Effect; approver: string } | { refused: Refusal }

/** The newest permit for an action: one that was given for a whole plan may have run out before its later steps were asked for. */
export async function authorizationFor(
  sql: Sql,
  plan: string,
  action: number,
  attempt: number,
): Promise<Authorization | undefined> {
  const [row] = await sql<Authorization[]>`
    select id, actions, approval_id as "approvalId", level_change_id as "levelChangeId" from authorizations
    where plan_id = ${plan} and attempt = ${attempt} and ${action} = any(actions)
    order by granted_at desc limit 1`
  return row
}

/** Beyond a grant's end, for a call that was accepted in its last moment. */
const SETTLE_MARGIN_MS = 1_000
/** A call that never reached the platform is made again under its permit, so many times at most. */
export const MAX_ATTEMPTS = 3

/**
 * The attempt at an action that counts now. A new one is opened where there is none, where the last is known not to have
 * happened, or where one in doubt has been permitted again.
 */
export async function openEffect(sql: Sql, plan: Plan, action: Action, permit: Authorization): Promise<Effect> {
  const last = (await effectsOf(sql, plan.id)).filter((effect) => effect.action === action.index).at(-1)
  if (last && !isOver(last, permit)) return last
  const [row] = await sql<EffectRow[]>`
    insert into effects (plan_id, incident_id, action, attempt)
    values (${plan.id}, ${plan.body.incident}, ${action.index}, ${(last?.attempt ?? 0) + 1})
    on conflict (plan_id, action, attempt) do update set action = excluded.action returning *`
  if (!row) throw new Error(`no effect row for action ${action.index} of plan ${plan.id}`)
  return toEffect(row)
}

function isOver({ status, byProbe, attempt, authorizationId }: Effect, permit: Authorization): boolean {
  // Left out because of what came before it, which has been cleared up since: otherwise nobody would come by here.
  if (status === 'skipped') return true
  if (status === 'failed') return byProbe && attempt < MAX_ATTEMPTS
  return status === 'in_doubt' && authorizationId !== permit.id
}

/**
 * Puts an effect to `started`, in a transaction of its own that checks everything once more: the worker's lease and its
 * epoch, the policy, the permit and its expiry, the people who gave it, the plan's digest, the alert, the targets. Nothing
 * is called before this has committed.
 */
export async function startEffect(
  deps: GraphDeps,
  { lease }: Run,
  { plan, action, attempt, permit }: { plan: Plan; action: Action; attempt: number; permit: Authorization },
): Promise<Start> {
  return await inTransaction(deps.sql, async (tx) => {
    // The incident's lock is the first to be asked for: what changes under it is read behind it.
    const [incident, ours, standing] = await sentTogether([
      lockIncident(tx, plan.body.incident),
      holdsLease(tx, lease),
      readStanding(tx, plan, action, permit),
    ])
    if (!ours) return refuse('lost', 'another worker has this incident now')
    const refusal = whyNotPermitted(deps, standing, plan, action, permit) ?? whyNotNow(standing, plan, action)
    if (refusal) return { refused: refusal }
    // Those of the later steps too: a plan that began is not left waiting in its middle for somebody else.
    const targets = plan.body.actions.map(({ target }) => targetName(target))
    const other = await takeTargets(tx, incident.id, targets)
    if (other !== undefined) return refuse('held', `Incident #${other} is working on the same target.`)
    const [row] = await tx<EffectRow[]>`
      update effects set status = 'started', authorization_id = ${permit.id}, lease_epoch = ${lease.epoch},
        started_at = watch_now(), settles_at = watch_now() + ${deps.options.grantTtlMs + deps.options.clockSkewMs + SETTLE_MARGIN_MS} * interval '1 millisecond'
      where plan_id = ${plan.id} and action = ${action.index} and attempt = ${attempt} and status = 'planned'
      returning *`
    if (!row) return refuse('stop', 'it was started before')
    const effect = toEffect(row)
    await sentTogether([
      settleEarlier(tx, effect),
      move(tx, {
        incident: incident.id,
        round: plan.body.round,
        name: 'action started',
        actor: 'agent',
        to: 'running',
        because: null,
        detail: { action: action.index, tool: action.tool, effect: effect.id },
        key: `started:${effect.id}`,
      }),
      deps.announcer.card(tx, [incident.id], 'soon'),
    ])
    const { approvalId, levelChangeId } = permit
    return {
      effect,
      approver: approvalId === null ? `level-change:${levelChangeId}` : approverWords(standing.votes),
    }
  })
}

/** All that a start depends on, as it stands at that moment. */
interface Standing {
  policy: Policy
  /** Whether the permit is still good and covers the action. */
  valid: boolean
  /** What a person's permit rests on; undefined for one that was earned. */
  approval: Approval | undefined
  votes: Vote[]
  /** What the runbook has earned by now. */
  earned: LevelInForce | undefined
  firing: number
}

async function readStanding(tx: Tx, plan: Plan, action: Action, permit: Authorization): Promise<Standing> {
  const { runbook, cluster, incident } = plan.body
  const { approvalId } = permit
  const [policy, valid, approval, votes, earned, { firing }] = await sentTogether([
    holdPolicy(tx),
    tx`
      select 1 from authorizations
      where id = ${permit.id} and expires_at > watch_now() and ${action.index} = any(actions)`,
    approvalId === null ? undefined : findApproval(tx, approvalId),
    approvalId === null ? [] : votesOn(tx, approvalId),
    approvalId === null && runbook ? levelOf(tx, runbook, cluster) : undefined,
    firingAlerts(tx, incident),
  ])
  return { policy, valid: valid.length === 1, approval, votes, earned, firing }
}

function whyNotPermitted(
  deps: GraphDeps,
  standing: Standing,
  plan: Plan,
  action: Action,
  permit: Authorization,
): Refusal | undefined {
  if (standing.policy === 'FROZEN') return { kind: 'stop', because: 'Everything is frozen.' }
  if (planDigest(plan.body) !== plan.digest) return { kind: 'anew', because: 'The plan is not what was shown.' }
  if (effectOfCall(action.tool, action.arguments, deps.rules.declared) !== action.effect)
    return { kind: 'anew', because: `The rules for ${action.tool} have changed.` }
  if (!standing.valid) return { kind: 'anew', because: 'The permission has run out before it could be used.' }
  return permit.approvalId === null
    ? whyNotEarned(deps, standing, plan, action, permit)
    : whyNotApproved(deps, standing, plan, action)
}

function whyNotApproved(
  { people, rules }: GraphDeps,
  { approval, votes, policy }: Standing,
  plan: Plan,
  action: Action,
): Refusal | undefined {
  if (approval?.status !== 'approved' || approval.digest !== plan.digest || !approval.actions.includes(action.index))
    return { kind: 'anew', because: 'There is no valid approval for this.' }
  const today: Vote[] = []
  for (const vote of votes) {
    const listed = people().find((one) => one.name === vote.person)
    if (!listed || !atLeast(listed.role, 'operator'))
      return { kind: 'anew', because: `${vote.person} may no longer decide.` }
    today.push({ ...vote, role: listed.role })
  }
  if (!tally(approval, today).settled)
    return { kind: 'anew', because: 'Those who approved may no longer do so between them.' }
  const ruling = rule(action, { level: 'manual', ceiling: 'manual' }, { ...rules, policy })
  if (ruling.verdict === 'ask' && strictness(ruling.asks) > strictness(approval.asks))
    return { kind: 'anew', because: `More is asked for by now: ${ruling.because}.` }
  return undefined
}

function whyNotEarned(
  { rules }: GraphDeps,
  { earned, policy }: Standing,
  plan: Plan,
  action: Action,
  permit: Authorization,
): Refusal | undefined {
  const { runbook } = plan.body
  if (!runbook || !earned || earned.change !== permit.levelChangeId)
    return { kind: 'anew', because: 'Its level has changed since.' }
  const ruling = rule(action, { level: earned.level, ceiling: runbook.ceiling }, { ...rules, policy })
  return ruling.verdict === 'run'
    ? undefined
    : {
        kind: 'anew',
        because: `It may no longer run by itself: ${ruling.verdict === 'ask' ? ruling.because : 'refused'}.`,
      }
}

/** Cleared before it ran means that nothing is wrong any more; a plan under way is carried to its end. */
function whyNotNow({ firing }: Standing, plan: Plan, action: Action): Refusal | undefined {
  if (plan.body.purpose === 'undo' || action.index > 0) return undefined
  return firing === 0 ? { kind: 'cleared', because: 'The alert cleared before anything ran.' } : undefined
}

function refuse(kind: Refusal['kind'], because: string): Start {
  return { refused: { kind, because } }
}

export interface Finish {
  effect: Effect
  status: 'done' | 'failed' | 'in_doubt'
  because: string | null
  result: JsonObject | null
  byProbe: boolean
}

/** Writes down what became of a started effect, once, and puts it into the ledger. */
export async function finishEffect(deps: GraphDeps, plan: Plan, action: Action, finish: Finish): Promise<void> {
  const { effect, status, because, result, byProbe } = finish
  await inTransaction(deps.sql, async (tx) => {
    const { count } = await tx`
      update effects set status = ${status}, because = ${because}, result = ${result && json(tx, result)}, by_probe = ${byProbe},
        finished_at = case when ${status} = 'in_doubt' then null else watch_now() end
      where id = ${effect.id} and status in ('started', 'in_doubt')`
    if (count === 0) return
    const body = {
      effect: effect.id,
      plan: plan.digest,
      action: action.index,
      attempt: effect.attempt,
      tool: action.tool,
      arguments: hashOf(action.arguments),
      authorization: effect.authorizationId,
      status,
      because,
      byProbe,
    }
    await sentTogether([
      deps.announcer.card(tx, [effect.incidentId], 'soon'),
      writeLedger(tx, [{ kind: 'ran', incident: effect.incidentId, key: `ran:${effect.id}:${status}`, body }]),
    ])
  })
}

/** What a plan that stopped did not come to. */
export async function skipRest(sql: Sql, plan: Plan, after: number, because: string): Promise<void> {
  await sql`
    insert into effects (plan_id, incident_id, action, attempt, status, because, finished_at)
    select ${plan.id}, ${plan.body.incident}, action, 1, 'skipped', ${because}, watch_now()
    from generate_series(${after + 1}::int, ${plan.body.actions.length - 1}::int) action
    on conflict (plan_id, action, attempt) do update set status = 'skipped', because = excluded.because, finished_at = watch_now()
      where effects.status = 'planned'`
}

export interface Refused {
  state: IncidentState
  plan: Plan
  action: Action
  refusal: Refusal
}

/** Keeps on record that something approved did not run, and why. */
export async function recordRefused({ sql }: GraphDeps, { state, plan, action, refusal }: Refused): Promise<void> {
  await inTransaction(sql, async (tx) => {
    await tx`
      update effects set status = 'skipped', because = ${refusal.because}, finished_at = watch_now()
      where plan_id = ${plan.id} and status = 'planned'`
    await writeLedger(tx, [
      {
        kind: 'refused',
        incident: state.incident,
        key: `refused:${plan.id}:${action.index}:${state.attempt}`,
        body: { plan: plan.digest, action: action.index, tool: action.tool, because: refusal.because },
      },
    ])
  })
}
