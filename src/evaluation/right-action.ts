import type { Runbook } from '../domain/runbook.ts'
import type { Looking } from '../investigation/port.ts'
import type { Report } from '../investigation/report.ts'
import { runChecks } from '../investigation/runbook-checks.ts'
import { lookupRunbooks } from '../knowledge/lookup.ts'
import type { AlertFacts } from '../knowledge/scope.ts'

export const NO_ACTION = 'none'

const CHECK_MS = 5_000

/**
 * What would be offered after this report: the first runbook for the alert whose required checks hold on what was recorded and
 * that has steps; where there is none, what the model proposes for its one cause, a runbook by its id or single actions by
 * their tools. Nothing, where the report shows that all is well.
 */
export async function actionAfter(
  report: Report,
  { looking, runbooks, alert }: { looking: Looking; runbooks: Iterable<Runbook>; alert: AlertFacts },
): Promise<string> {
  if (report.conclusion?.finding === 'not_a_problem') return NO_ACTION
  for (const { runbook } of lookupRunbooks(runbooks, alert)) {
    if (runbook.steps.length === 0) continue
    const { unfit } = await runChecks(looking, runbook, alert, { deadlineMs: CHECK_MS })
    if (unfit === undefined) return runbook.id
  }
  return proposedIn(report)
}

function proposedIn({ conclusion }: Report): string {
  const plan = conclusion?.finding === 'cause_found' ? conclusion.causes[0]?.plan : undefined
  if (!plan) return NO_ACTION
  return plan.kind === 'runbook' ? plan.runbook : plan.actions.map(({ tool }) => tool).join(' + ')
}
