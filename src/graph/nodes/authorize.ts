import { authorizeByLevel, requestApproval } from '../../approvals/approval-store.ts'
import { loadPlan } from '../../approvals/plan-store.ts'
import { writeLedger } from '../../autonomy/ledger.ts'
import { type LevelInForce, levelOf } from '../../autonomy/levels.ts'
import { policyNow } from '../../autonomy/policy-setting.ts'
import { type Plan, shortDigest, targetName } from '../../domain/plan.ts'
import { targetsInTheWay } from '../../incidents/leases.ts'
import { happened, move } from '../../incidents/move.ts'
import { setTimerAt } from '../../incidents/wake.ts'
import { inTransaction, sentTogether } from '../../storage/postgres.ts'
import { type Ruling, rule } from '../../tools/policy.ts'
import type { GraphDeps } from '../deps.ts'
import { unsettledOf } from '../doubt.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'
import { stop } from '../stop.ts'
import { watch } from '../watch.ts'

/**
 * Rules on the next actions of the plan. Afterwards they are permitted by what the runbook has earned, asked for on a card,
 * or refused with the reason; while another incident works on the same target, the plan waits and will be made again.
 */
export function authorize(deps: GraphDeps) {
  return async function authorize(state: IncidentState): Promise<IncidentUpdate> {
    const { sql } = deps
    const plan = await loadPlan(sql, state.plan)
    const inTheWay = await targetsInTheWay(
      sql,
      state.incident,
      plan.body.actions.map((action) => targetName(action.target)),
    )
    if (inTheWay !== undefined) return await waitFor(deps, state, inTheWay)
    const earned = await earnedBy(deps, plan)
    const rulings = await rulingsOn(deps, plan, earned)
    const [first, action] = [rulings[state.cursor], plan.body.actions[state.cursor]]
    if (!first || !action) return { next: 'await-outcome', wait: 'verify' }
    if (first.verdict === 'refuse') {
      // What ran before it stays, as where a step is refused at its start; the first, or one in doubt, leaves it to people.
      const ran = action.index > 0 && !(await unsettledOf(sql, state.incident))
      if (ran) return await stop(deps, plan, action, `it was refused, because ${first.because}.`)
      return await watch(deps, state, { outcome: null, because: `Refused: ${first.because}.` })
    }
    const actions = together(rulings, state.cursor)
    if (first.verdict === 'run') return await runAtOnce(deps, state, { plan, actions, earned, because: first.because })
    return await ask(deps, state, { plan, actions, ruling: first })
  }
}

/**
 * What the plan's runbook has earned. What a model proposed, a person changed, or is left of a plan that stopped is asked for,
 * whatever that is: it earned its level with its own plans, run from their beginning.
 */
async function earnedBy(
  { sql }: GraphDeps,
  { body: { runbook, cluster, purpose, proposal, edited } }: Plan,
): Promise<LevelInForce> {
  if (!runbook) return { level: 'manual', change: null }
  const earned = await levelOf(sql, runbook, cluster)
  const itsOwn = !proposal && !edited && purpose !== 'rest' && purpose !== 'edited'
  return !itsOwn && earned.level === 'standard' ? { ...earned, level: 'prompted' } : earned
}

async function rulingsOn({ sql, rules }: GraphDeps, plan: Plan, earned: LevelInForce): Promise<Ruling[]> {
  const policy = await policyNow(sql)
  const standing = { level: earned.level, ceiling: plan.body.runbook?.ceiling ?? ('manual' as const) }
  return plan.body.actions.map((action) => rule(action, standing, { ...rules, policy }))
}

/** The actions from `cursor` that one decision covers: one where each is asked for, else all with the same answer. */
function together(rulings: readonly Ruling[], cursor: number): number[] {
  const first = rulings[cursor]
  const actions = [cursor]
  if (!first || (first.verdict === 'ask' && first.scope === 'each')) return actions
  for (let next = cursor + 1; next < rulings.length; next++) {
    const ruling = rulings[next]
    if (ruling?.verdict !== first.verdict) break
    if (ruling.verdict === 'ask' && (first.verdict !== 'ask' || ruling.scope !== 'plan' || ruling.asks !== first.asks))
      break
    actions.push(next)
  }
  return actions
}

async function waitFor(deps: GraphDeps, state: IncidentState, other: number): Promise<IncidentUpdate> {
  const { sql, announcer } = deps
  await inTransaction(sql, async (tx) => {
    await move(tx, {
      incident: state.incident,
      round: state.round,
      name: 'plan held back',
      actor: 'agent',
      to: 'watching',
      because: `Incident #${other} is working on the same target. The plan is made again when that is over.`,
      detail: { incident: other },
      key: `held:${state.round}`,
    })
    await tx`update incidents set waits_for = ${other} where id = ${state.incident}`
    await announcer.card(tx, [state.incident])
  })
  return { wait: 'target', next: 'await-outcome' }
}

async function runAtOnce(
  deps: GraphDeps,
  state: IncidentState,
  { plan, actions, earned, because }: { plan: Plan; actions: number[]; earned: LevelInForce; because: string },
): Promise<IncidentUpdate> {
  const { sql, announcer, options } = deps
  const { change } = earned
  if (change === null) throw new Error(`plan ${plan.id} may run by itself, but no change of level permits it`)
  await inTransaction(sql, async (tx) => {
    await authorizeByLevel(tx, {
      plan,
      actions,
      attempt: state.attempt,
      levelChange: change,
      ttlMs: options.authorizationTtlMs,
    })
    await happened(tx, {
      incident: state.incident,
      round: state.round,
      name: 'plan permitted',
      actor: 'agent',
      detail: { plan: shortDigest(plan.digest), actions, because, levelChange: change },
      key: `permitted:${plan.id}:${state.cursor}:${state.attempt}`,
    })
    await announcer.card(tx, [state.incident], 'soon')
    await writeLedger(tx, [
      {
        kind: 'decided',
        incident: state.incident,
        key: `standing:${plan.id}:${state.cursor}:${state.attempt}`,
        body: { verdict: 'standing', levelChange: change, plan: plan.digest, actions },
      },
    ])
  })
  return { approval: null, next: 'execute' }
}

async function ask(
  deps: GraphDeps,
  state: IncidentState,
  { plan, actions, ruling }: { plan: Plan; actions: number[]; ruling: Extract<Ruling, { verdict: 'ask' }> },
): Promise<IncidentUpdate> {
  const { sql, announcer, options } = deps
  return await inTransaction(sql, async (tx) => {
    const { asks, because } = ruling
    const approval = await requestApproval(tx, {
      plan,
      actions,
      attempt: state.attempt,
      asks,
      because,
      ttlMs: options.approvalTtlMs,
    })
    if (approval.status === 'pending') {
      await sentTogether([
        move(tx, {
          incident: state.incident,
          round: state.round,
          name: 'approval requested',
          actor: 'agent',
          to: 'waiting',
          because: null,
          detail: { plan: shortDigest(plan.digest), actions, asks, because },
          key: `asked:${approval.id}`,
        }),
        setTimerAt(tx, state.incident, 'expiry', approval.expiresAt),
        announcer.ping(tx, state.incident, 'approval'),
        announcer.card(tx, [state.incident]),
      ])
    }
    return { approval: approval.id, wait: 'decision' as const, next: 'await-decision' as const }
  })
}
