import { effectsOf, findPlan, keepPlan, planOf } from '../../approvals/plan-store.ts'
import type { ProposedPlan } from '../../domain/investigation.ts'
import type { JsonObject } from '../../domain/json.ts'
import { type Action, type PlanBody, peopleBehind, targetName, type WayBack } from '../../domain/plan.ts'
import type { Runbook, Step } from '../../domain/runbook.ts'
import { leadingAlert } from '../../incidents/alert-rows.ts'
import { findIncident } from '../../incidents/incident-rows.ts'
import { renderArgs, type TemplateScope } from '../../knowledge/templates.ts'
import { checkResults } from '../../tools/evidence.ts'
import { chosenPlan, draftActions, givenInputs, inputsWith, isItsOwn, soundAgain } from '../chosen.ts'
import type { GraphDeps } from '../deps.ts'
import { fromEdits } from '../edited-plan.ts'
import { again, type DraftStep, planActions, withCluster } from '../planning.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'
import { watch } from '../watch.ts'

type Draft = Pick<PlanBody, 'runbook' | 'inputs' | 'checksRound' | 'proposal' | 'edited' | 'authors'> & {
  /** Undefined: the platform's word on what is changed, and the alert. */
  verify: PlanBody['verify'] | undefined
  steps: DraftStep[]
  cluster: string
  /** The actions that an undo takes back. */
  undoes?: readonly Action[]
}

/**
 * Makes the exact plan of this round: every call with its arguments, dry-run against the platform, bound to what was seen.
 * Afterwards the plan is kept, or people are told in a sentence why there is none.
 */
export function propose(deps: GraphDeps) {
  return async function propose(state: IncidentState): Promise<IncidentUpdate> {
    const made = await planOf(deps.sql, state.incident, state.round)
    if (made) return { plan: made.id, next: 'authorize' }
    const draft = await draftOf(deps, state)
    if ('problem' in draft) return await watch(deps, state, { outcome: null, because: draft.problem, deeper: true })
    if (draft.steps.length === 0)
      return await watch(deps, state, {
        outcome: 'advised',
        because: 'The runbook only advises; what it says is in the details.',
        deeper: true,
      })
    const place = { incident: state.incident, round: state.round, cluster: draft.cluster }
    const actions = await planActions(deps, place, draft.steps)
    if ('problem' in actions)
      return await watch(deps, state, {
        outcome: null,
        because: `Nothing to propose. ${actions.problem}`,
        deeper: true,
      })
    const foreign = draft.undoes && foreignValue(actions, draft.undoes)
    if (foreign) return await watch(deps, state, { outcome: null, because: `Nothing to take back. ${foreign}` })
    const { runbook, inputs, checksRound, proposal = state.chosen, edited, authors } = draft
    const body: PlanBody = {
      v: 1,
      ...place,
      purpose: state.purpose,
      runbook,
      inputs,
      actions,
      verify: draft.verify ?? (await soundAgain(deps, draft.cluster, actions)),
      ...(checksRound !== undefined && { checksRound }),
      ...(proposal && { proposal }),
      ...(edited && { edited }),
      ...(authors && { authors }),
    }
    const plan = await keepPlan(deps.sql, body, state.askedBy ?? 'agent')
    return { plan: plan.id, next: 'authorize' }
  }
}

async function draftOf(deps: GraphDeps, state: IncidentState): Promise<Draft | { problem: string }> {
  if (state.purpose === 'edited') return await fromEdits(deps, state)
  if (state.purpose !== 'fix') return await fromPlan(deps, state)
  if (!state.chosen) return await fromRunbook(deps, state, undefined)
  const chosen = await chosenPlan(deps, state)
  if (!chosen) return { problem: 'Nothing to propose. What was proposed is no longer there.' }
  return chosen.kind === 'runbook'
    ? await fromRunbook(deps, state, chosen.inputs)
    : await fromActions(deps, state, chosen)
}

/** `proposed`: values that a model gave for the inputs; undefined for a runbook that was found by its own matchers. */
async function fromRunbook(
  deps: GraphDeps,
  state: IncidentState,
  proposed: JsonObject | undefined,
): Promise<Draft | { problem: string }> {
  const runbook = state.runbook === null ? undefined : deps.runbooks().get(state.runbook)
  const incident = await findIncident(deps.sql, state.incident)
  if (!runbook || !incident) return { problem: 'The runbook is no longer there.' }
  const alert = await leadingAlert(deps.sql, state.incident)
  const checks = await checkResults(deps.sql, state.incident, state.round, runbook.id)
  const given = givenInputs(runbook, proposed ?? {})
  if ('problem' in given) return given
  const { values: inputs } = inputsWith(runbook, { alert, checks }, given.values)
  const steps: DraftStep[] = []
  for (const step of runbook.steps) {
    const drafted = draftStep(step, { inputs, checks })
    if ('problem' in drafted) return drafted
    steps.push(drafted)
  }
  const verify = await renderVerify(deps, incident.cluster, runbook, { inputs, checks })
  if ('problem' in verify) return verify
  const own = proposed === undefined || isItsOwn(runbook, { alert, checks }, given.values)
  return {
    runbook: own ? { id: runbook.id, version: runbook.version, ceiling: runbook.ceiling } : null,
    inputs,
    steps,
    verify: own || !asksChecks(verify.clauses) ? verify.clauses : undefined,
    cluster: incident.cluster,
  }
}

/** Whether a clause asks what the runbook's checks had returned, which only its own plans can tell. */
function asksChecks(clauses: PlanBody['verify']): boolean {
  return clauses.some((clause) => clause.kind === 'tool' && /\bchecks\b/.test(clause.expect ?? ''))
}

/** Calls that a model proposed, held to what may be planned; the dry runs and the policy come after. */
async function fromActions(
  deps: GraphDeps,
  { incident: id }: IncidentState,
  plan: Extract<ProposedPlan, { kind: 'actions' }>,
): Promise<Draft | { problem: string }> {
  const incident = await findIncident(deps.sql, id)
  if (!incident) return { problem: 'The incident is no longer there.' }
  const { cluster } = incident
  const steps = await draftActions(deps, cluster, plan)
  if ('problem' in steps) return { problem: `Nothing to propose. ${steps.problem}` }
  return { runbook: null, inputs: {}, verify: undefined, cluster, steps }
}

function draftStep(step: Step, scope: TemplateScope): DraftStep | { problem: string } {
  const call = renderArgs(step.args, scope)
  if ('problem' in call) return call
  const wayBack = wayBackOf(step, scope)
  if (wayBack && 'problem' in wayBack) return wayBack
  return { tool: step.tool, args: call.args, wayBack, costs: step.costs ?? null }
}

function wayBackOf({ rollback }: Step, scope: TemplateScope): WayBack | { problem: string } | undefined {
  if (!rollback) return undefined
  if (rollback.kind === 'none') return { none: rollback.because }
  const call = renderArgs(rollback.args, scope)
  return 'problem' in call ? call : { tool: rollback.tool, arguments: call.args }
}

/** Clauses with arguments filled in and windows as they will be watched: what the card says is what is waited for. */
async function renderVerify(
  { toolbox, options }: GraphDeps,
  cluster: string,
  runbook: Runbook,
  scope: TemplateScope,
): Promise<{ clauses: PlanBody['verify'] } | { problem: string }> {
  const scaled = (ms: number) => Math.ceil(ms * options.verifyScale)
  const clauses: PlanBody['verify'][number][] = []
  for (const clause of runbook.verify) {
    if (clause.kind === 'alert') {
      clauses.push({ ...clause, withinMs: scaled(clause.withinMs), forMs: scaled(clause.forMs) })
      continue
    }
    const call = renderArgs(clause.args, scope)
    if ('problem' in call) return call
    const args = await withCluster({ toolbox, name: cluster }, clause.tool, call.args)
    clauses.push({ ...clause, args, withinMs: scaled(clause.withinMs) })
  }
  return { clauses }
}

/** Undo takes back what was done, last first; rest is what a plan that stopped did not come to. Both are asked for anew. */
async function fromPlan(deps: GraphDeps, state: IncidentState): Promise<Draft | { problem: string }> {
  const basis = state.basis === null ? undefined : await findPlan(deps.sql, state.basis)
  if (!basis) return { problem: 'The plan to start from is no longer there.' }
  const done = new Set(
    (await effectsOf(deps.sql, basis.id)).filter((it) => it.status === 'done').map((it) => it.action),
  )
  const { actions, runbook, inputs, verify, cluster, proposal, edited } = basis.body
  if (state.purpose === 'rest') {
    const left = actions.filter((action) => !done.has(action.index))
    const checksRound = basis.body.checksRound ?? basis.body.round
    const made = { ...(proposal && { proposal }), ...(edited && { edited }), ...peopleBehind(basis) }
    return { runbook, inputs, verify, cluster, checksRound, ...made, steps: left.map(again) }
  }
  const back: DraftStep[] = []
  for (const action of actions.filter((it) => done.has(it.index)).reverse()) {
    if ('none' in action.wayBack) return { problem: `${action.tool} has no way back: ${action.wayBack.none}` }
    back.push({
      tool: action.wayBack.tool,
      args: action.wayBack.arguments,
      wayBack: { none: 'it is itself the way back' },
      costs: null,
    })
  }
  return { runbook: null, inputs, verify: [], cluster, steps: back, undoes: actions }
}

/**
 * Whether the way back still starts from what the plan left behind: a value that somebody has changed since is not ours to
 * take back. A sentence when it does not.
 */
function foreignValue(back: readonly Action[], basis: readonly Action[]): string | undefined {
  for (const { target, diff } of back) {
    const left = basis
      .filter((action) => targetName(action.target) === targetName(target))
      .flatMap((action) => action.diff)
    for (const { field, from } of diff) {
      const ours = left.findLast((line) => line.field === field)
      if (ours && ours.to !== from)
        return `${field} of ${target.name} was changed by somebody else since: it is ${from} now.`
    }
  }
  return undefined
}
