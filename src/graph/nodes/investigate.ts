import type { Runbook } from '../../domain/runbook.ts'
import { leadingAlert } from '../../incidents/alert-rows.ts'
import { setRunbook } from '../../incidents/incident-rows.ts'
import { holds } from '../../knowledge/conditions.ts'
import type { AlertFacts, CheckResults } from '../../knowledge/scope.ts'
import { renderArgs } from '../../knowledge/templates.ts'
import { inTransaction, sentTogether } from '../../storage/postgres.ts'
import { checkKey, look } from '../../tools/evidence.ts'
import { chosenPlan, type Given, givenInputs, inputsWith } from '../chosen.ts'
import type { GraphDeps } from '../deps.ts'
import { type Cluster, withCluster } from '../planning.ts'
import type { IncidentState, IncidentUpdate } from '../state.ts'
import { watch } from '../watch.ts'

/**
 * Runs the read-only checks of the matching runbooks, the most specific first, and settles on the first whose required
 * checks all answer and hold. What they returned is kept as evidence; state gets the runbook's id alone.
 */
export function investigate(deps: GraphDeps) {
  return async function investigate(state: IncidentState): Promise<IncidentUpdate> {
    const alert = await leadingAlert(deps.sql, state.incident)
    const aim = state.chosen ? await aimOf(deps, state) : { candidates: state.candidates, given: {} }
    if ('problem' in aim)
      return await watch(deps, state, { outcome: null, because: `Nothing to propose. ${aim.problem}` })
    // Single actions have no checks of their own; what shows the cause has been looked at.
    if (aim.candidates.length === 0 && state.chosen) return { candidates: [], runbook: null, next: 'propose' }
    const reasons: string[] = []
    for (const id of aim.candidates) {
      const runbook = deps.runbooks().get(id)
      if (!runbook) continue
      const unfit = await firstUnfit(deps, state, { runbook, alert, given: aim.given })
      if (unfit) {
        reasons.push(`${runbook.title}: ${unfit}`)
        continue
      }
      // The first is on the card already.
      if (!state.chosen && id !== aim.candidates[0]) await settleOn(deps, state, runbook)
      return { runbook: id, candidates: [...aim.candidates], next: 'propose' }
    }
    const because = reasons.length > 0 ? reasons.join(' ') : 'The runbook is no longer there.'
    return await watch(deps, state, { outcome: null, because: `Nothing to propose. ${because}`, deeper: true })
  }
}

/** What was chosen: a runbook with the values that were given for it, or no runbook at all. */
async function aimOf(
  deps: GraphDeps,
  state: IncidentState,
): Promise<{ candidates: readonly string[]; given: Given } | { problem: string }> {
  const plan = await chosenPlan(deps, state)
  if (!plan) return { problem: 'What was proposed is no longer there.' }
  if (plan.kind === 'actions') return { candidates: [], given: {} }
  const runbook = deps.runbooks().get(plan.runbook)
  if (!runbook) return { problem: `The runbook ${plan.runbook} is no longer there.` }
  const given = givenInputs(runbook, plan.inputs)
  return 'problem' in given ? given : { candidates: [runbook.id], given: given.values }
}

/** Why this runbook is not for what is going on, in a sentence; undefined when all its required checks hold. */
async function firstUnfit(
  deps: GraphDeps,
  state: IncidentState,
  { runbook, alert, given }: { runbook: Runbook; alert: AlertFacts; given: Given },
): Promise<string | undefined> {
  const checks: Record<string, { result: unknown }> = {}
  const cluster: Cluster = { toolbox: deps.toolbox, name: String(alert.labels.cluster ?? '') }
  for (const check of runbook.checks) {
    const { values } = inputsWith(runbook, { alert, checks }, given)
    const rendered = renderArgs(check.args, { inputs: values, checks })
    if ('problem' in rendered) {
      if (check.required) return rendered.problem
      continue
    }
    const answer = await look(deps, {
      incident: state.incident,
      round: state.round,
      key: checkKey(runbook.id, check.id),
      tool: check.tool,
      args: await withCluster(cluster, check.tool, rendered.args),
      askedBy: `runbook:${runbook.id}`,
    })
    if (answer.ok) checks[check.id] = { result: answer.result }
    if (!check.required) continue
    if (!answer.ok) return `The check ${check.id} got no answer: ${answer.message}`
    if (check.expect === undefined) continue
    const verdict = holds(check.expect, { alert, inputs: values, checks, result: answer.result })
    if (!verdict.holds) return verdict.problem ?? `The check ${check.id} does not hold: ${answer.summary}`
  }
  return unresolved(runbook, { alert, checks }, given)
}

function unresolved(
  runbook: Runbook,
  known: { alert: AlertFacts; checks: CheckResults },
  given: Given,
): string | undefined {
  const { missing, refused } = inputsWith(runbook, known, given)
  return [...refused, ...missing][0]?.because
}

async function settleOn({ sql, announcer }: GraphDeps, state: IncidentState, runbook: Runbook): Promise<void> {
  await inTransaction(sql, (tx) =>
    sentTogether([setRunbook(tx, state.incident, runbook), announcer.card(tx, [state.incident], 'soon')]),
  )
}
