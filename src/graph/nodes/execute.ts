import { effectsOf, loadPlan } from '../../approvals/plan-store.ts'
import type { Effect } from '../../domain/effect.ts'
import { canonicalJson } from '../../domain/json.ts'
import type { Action, Plan } from '../../domain/plan.ts'
import { freeTargets } from '../../incidents/leases.ts'
import { happened, move } from '../../incidents/move.ts'
import { setTimerAt, wake } from '../../incidents/wake.ts'
import { inTransaction } from '../../storage/postgres.ts'
import type { ToolAnswer } from '../../tools/toolbox.ts'
import type { GraphDeps, Run } from '../deps.ts'
import { unsettledOf } from '../doubt.ts'
import {
  type Authorization,
  authorizationFor,
  finishEffect,
  MAX_ATTEMPTS,
  openEffect,
  type Refusal,
  recordRefused,
  skipRest,
  startEffect,
} from '../effects.ts'
import { dryRun } from '../planning.ts'
import { settledBy } from '../probe.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'
import { stop } from '../stop.ts'
import { watch } from '../watch.ts'

/** A target that changes under every plan is a matter for people. */
const MAX_REPLANS = 3

/**
 * Carries out the actions that are permitted, one by one, each at most once. The first that fails or stays in doubt stops
 * the plan and the rest is skipped. A call whose fate is unknown waits until its grant has run out, and is then probed;
 * it is never made again blindly.
 */
export function execute(deps: GraphDeps) {
  return async function execute(state: IncidentState, run: Run): Promise<IncidentUpdate> {
    const plan = await loadPlan(deps.sql, state.plan)
    const permit = await authorizationFor(deps.sql, plan.id, state.cursor, state.attempt)
    if (!permit) return await withoutPermit(deps, state, plan)
    const actions = plan.body.actions.filter((it) => permit.actions.includes(it.index) && it.index >= state.cursor)
    for (const action of actions) {
      const stopped = await carryOut(deps, state, run, plan, action, permit)
      if (stopped) return stopped
    }
    return goOn(plan, (actions.at(-1)?.index ?? state.cursor) + 1)
  }
}

/** The next step is asked for, from its first attempt on; what ran to its end is verified. */
function goOn(plan: Plan, cursor: number): IncidentUpdate {
  return cursor < plan.body.actions.length ? { cursor, attempt: 1, next: 'authorize' } : { cursor, next: 'verify' }
}

/**
 * To look what became of a call needs no permit: one in doubt may be looked at after another attempt was declined. Where nothing
 * is in doubt, nothing may run.
 */
async function withoutPermit(deps: GraphDeps, state: IncidentState, plan: Plan): Promise<IncidentUpdate> {
  const unsettled = await unsettledOf(deps.sql, state.incident)
  if (!unsettled) return await afterALook(deps, state, plan)
  const action = unsettled.effect.planId === plan.id ? plan.body.actions[unsettled.effect.action] : undefined
  if (!action) return await notPermitted(deps, state, plan)
  return (await settle(deps, state, plan, action, unsettled.effect)) ?? goOn(plan, action.index + 1)
}

/** A look that told what became of the call may have been cut off before it went on: from here it goes on as it would have then. */
async function afterALook(deps: GraphDeps, state: IncidentState, plan: Plan): Promise<IncidentUpdate> {
  const action = plan.body.actions[state.cursor]
  const begun = (await effectsOf(deps.sql, plan.id)).filter((it) => it.action === state.cursor && it.startedAt !== null)
  const last = begun.at(-1)
  if (last?.status === 'done') return goOn(plan, state.cursor + 1)
  if (action && last?.status === 'failed' && last.attempt >= MAX_ATTEMPTS)
    return await stop(deps, plan, action, last.because ?? 'it did not succeed')
  return await notPermitted(deps, state, plan)
}

async function notPermitted(deps: GraphDeps, state: IncidentState, plan: Plan): Promise<IncidentUpdate> {
  return await refused(deps, state, plan, { kind: 'anew', because: 'There is no permission for this.' })
}

async function carryOut(
  deps: GraphDeps,
  state: IncidentState,
  run: Run,
  plan: Plan,
  action: Action,
  permit: Authorization,
): Promise<IncidentUpdate | undefined> {
  const effect = await openEffect(deps.sql, plan, action, permit)
  switch (effect.status) {
    case 'done':
      return undefined
    case 'started':
    case 'in_doubt':
      return await settle(deps, state, plan, action, effect)
    case 'planned':
      return await begin(deps, state, run, plan, action, permit, effect.attempt)
    default:
      return await stop(deps, plan, action, effect.because ?? 'it did not succeed')
  }
}

async function begin(
  deps: GraphDeps,
  state: IncidentState,
  run: Run,
  plan: Plan,
  action: Action,
  permit: Authorization,
  attempt: number,
): Promise<IncidentUpdate | undefined> {
  const changed = await whatChanged(deps, state, action)
  if (changed) return await refused(deps, state, plan, changed, action)
  // From before the start is on record: a worker that hangs here and wakes up late has a permit that is over.
  const givenAt = Date.now()
  const start = await startEffect(deps, run, { plan, action, attempt, permit })
  if ('refused' in start) return await refused(deps, state, plan, start.refused, action)
  const answer = await deps.toolbox.call(action.tool, action.arguments, {
    deadlineMs: deps.options.grantTtlMs,
    ...(run.signal && { signal: run.signal }),
    permit: {
      plan: plan.digest,
      effect: start.effect.id,
      approver: start.approver,
      ttlMs: deps.options.grantTtlMs,
      givenAt,
    },
  })
  return await conclude(deps, state, plan, action, start.effect, answer)
}

/** Looks once more at the target before anything starts: what was approved must still be what would run. */
async function whatChanged(deps: GraphDeps, state: IncidentState, action: Action): Promise<Refusal | undefined> {
  const published = await deps.toolbox.find(action.tool)
  if (!published) return { kind: 'stop', because: `${action.tool} cannot be used now.` }
  if (published.contract !== action.contract)
    return { kind: 'anew', because: `${action.tool} has changed since the plan was shown.` }
  const tried = await dryRun(deps, {
    incident: state.incident,
    round: state.round,
    key: `recheck:${action.index}`,
    tool: action.tool,
    args: action.arguments,
  })
  if ('problem' in tried)
    return {
      kind: 'anew',
      because: tried.unanswered
        ? `Nobody could look whether it is still as it was shown. ${tried.problem}`
        : `Something changed since it was shown. ${tried.problem}`,
    }
  return canonicalJson(tried.change.diff) === canonicalJson(action.diff)
    ? undefined
    : { kind: 'anew', because: 'The target has changed since it was shown.' }
}

async function conclude(
  deps: GraphDeps,
  state: IncidentState,
  plan: Plan,
  action: Action,
  effect: Effect,
  answer: ToolAnswer,
): Promise<IncidentUpdate | undefined> {
  if (answer.ok) {
    await finishEffect(deps, plan, action, {
      effect,
      status: 'done',
      because: null,
      result: answer.result,
      byProbe: false,
    })
    return undefined
  }
  if (answer.uncertain) return await waitUntilSettled(deps, state, effect)
  await finishEffect(deps, plan, action, {
    effect,
    status: 'failed',
    because: answer.message,
    result: null,
    byProbe: false,
  })
  if (answer.code === 'conflict' && action.index === 0)
    return await refused(deps, state, plan, { kind: 'anew', because: answer.message }, action)
  return await stop(deps, plan, action, answer.message)
}

/** A call that may still land: nobody looks, and nothing runs, until its grant has run out. */
async function waitUntilSettled({ sql }: GraphDeps, state: IncidentState, effect: Effect): Promise<IncidentUpdate> {
  await inTransaction(sql, async (tx) => {
    await happened(tx, {
      incident: state.incident,
      round: state.round,
      name: 'answer lost',
      actor: 'agent',
      detail: { effect: effect.id },
      key: `lost:${effect.id}`,
    })
    await setTimerAt(tx, state.incident, 'effect', effect.settlesAt ?? new Date())
  })
  return { wait: 'effect', next: 'await-outcome' }
}

async function settle(
  deps: GraphDeps,
  state: IncidentState,
  plan: Plan,
  action: Action,
  effect: Effect,
): Promise<IncidentUpdate | undefined> {
  const found = await settledBy(deps, action, effect)
  if (found.state === 'early') return await waitUntilSettled(deps, state, effect)
  if (found.state === 'done') {
    await finishEffect(deps, plan, action, {
      effect,
      status: 'done',
      because: found.because,
      result: null,
      byProbe: true,
    })
    return undefined
  }
  if (found.state === 'not_done') {
    await finishEffect(deps, plan, action, {
      effect,
      status: 'failed',
      because: found.because,
      result: null,
      byProbe: true,
    })
    if (effect.attempt < MAX_ATTEMPTS) return { next: 'execute' }
    return await stop(deps, plan, action, 'it did not reach the platform, three times')
  }
  if (effect.status === 'started')
    await finishEffect(deps, plan, action, {
      effect,
      status: 'in_doubt',
      because: found.because,
      result: null,
      byProbe: true,
    })
  await skipRest(deps.sql, plan, action.index, `step ${action.index + 1} is in doubt`)
  await inTransaction(deps.sql, async (tx) => {
    await move(tx, {
      incident: state.incident,
      round: state.round,
      name: 'effect in doubt',
      actor: 'agent',
      to: 'watching',
      outcome: 'in_doubt',
      because: found.because,
      detail: { effect: effect.id },
      key: `doubt:${effect.id}:${state.lastRequest}`,
    })
    await deps.announcer.ping(tx, state.incident, 'doubt')
    await deps.announcer.card(tx, [state.incident])
  })
  return { cursor: action.index, wait: 'doubt', next: 'await-outcome' }
}

async function refused(
  deps: GraphDeps,
  state: IncidentState,
  plan: Plan,
  refusal: Refusal,
  action = plan.body.actions[state.cursor],
): Promise<IncidentUpdate> {
  if (refusal.kind === 'lost') throw new Error(refusal.because)
  if (action) await recordRefused(deps, { state, plan, action, refusal })
  if (await unsettledOf(deps.sql, state.incident)) return await stillInDoubt(deps, state, refusal)
  // What ran before it stays: the plan ends in the middle, and people are offered the way back or the rest.
  if (action && action.index > 0) return await stop(deps, plan, action, refusal.because)
  switch (refusal.kind) {
    case 'cleared':
      return { verdict: { outcome: 'self_resolved', because: refusal.because }, next: 'record' }
    case 'held':
      return { next: 'authorize' }
    case 'stop':
      return await watch(deps, state, { outcome: null, because: `${refusal.because} Nothing ran.`, ping: 'failed' })
    case 'anew':
      return state.replans < MAX_REPLANS
        ? await anew(deps, state, refusal.because)
        : await watch(deps, state, { outcome: null, because: `It keeps changing. ${refusal.because}`, ping: 'failed' })
  }
}

/** Another attempt that may not start leaves the one before it as it was. What permitted it is over with it: the next is asked for. */
async function stillInDoubt(
  deps: GraphDeps,
  state: IncidentState,
  { kind, because }: Refusal,
): Promise<IncidentUpdate> {
  const attempt = state.attempt + 1
  if (kind === 'cleared') {
    const why = 'The alert has cleared; whether the first attempt took place cannot be told.'
    return { attempt, verdict: { outcome: 'in_doubt', because: why }, next: 'record' }
  }
  const why = `${because} Whether the attempt before took place is still not known.`
  return { ...(await watch(deps, state, { outcome: 'in_doubt', because: why })), attempt }
}

/** Nothing of the plan ran, so its targets are free until another one starts. */
async function anew(
  { sql, queue, announcer }: GraphDeps,
  state: IncidentState,
  because: string,
): Promise<IncidentUpdate> {
  await inTransaction(sql, async (tx) => {
    await move(tx, {
      incident: state.incident,
      round: state.round,
      name: 'plan refused',
      actor: 'agent',
      to: 'open',
      because,
      detail: { because },
      key: `refused:${state.round}:${state.cursor}`,
    })
    await wake(tx, queue, await freeTargets(tx, state.incident))
    await announcer.card(tx, [state.incident])
  })
  return { round: state.round + 1, replans: state.replans + 1, next: 'triage' }
}
