import type { Runbook } from '../domain/runbook.ts'
import type { KeptCall } from '../inference/memory-calls.ts'
import type { NeverLeaves } from '../inference/never-leaves.ts'
import type { Prompt } from '../inference/prompts.ts'
import type { Router } from '../inference/router.ts'
import { type InvestigationLimits, investigator } from '../investigation/investigate.ts'
import { plannableOf } from '../investigation/plannable.ts'
import { readOnlyTools } from '../investigation/read-only-tools.ts'
import type { Report } from '../investigation/report.ts'
import type { PublishedTool } from '../tools/toolbox.ts'
import { type RecordedTools, recordedTools } from './recorded-tools.ts'
import { actionAfter, NO_ACTION } from './right-action.ts'
import type { Scenario } from './scenario.ts'

export interface PlayDeps {
  router: Router
  /** The book that the router writes to. */
  calls: { calls: readonly KeptCall[] }
  prompt: Prompt
  neverLeaves: NeverLeaves
  published: readonly PublishedTool[]
  runbooks: readonly Runbook[]
  limits?: Partial<InvestigationLimits>
  deadlineMs: number
  now: () => number
}

export interface PlayedScenario {
  report: Report
  action: string
  /** Why the cloud was asked, where the local model was not enough. */
  escalated: string | undefined
  microUsd: number
  /** Calls that reached a tool in the investigation. */
  asked: RecordedTools['asked']
}

/** One recorded incident through the real loop, with whatever models stand behind the router. */
export async function playScenario(scenario: Scenario, incident: number, deps: PlayDeps): Promise<PlayedScenario> {
  const { severity, labels, annotations, known, required } = scenario
  const tools = recordedTools(scenario.looks, deps.published)
  const looking = readOnlyTools(tools.toolbox, { declared: tools.declared })
  const report = await investigator({ ...deps, looking }).investigate({
    incident,
    severity,
    labels,
    annotations,
    known,
    required,
    plannable: plannableOf(await tools.toolbox.tools(), deps.runbooks, tools.declared),
    signals: [],
    deadlineMs: deps.deadlineMs,
  })
  const asked = [...tools.asked]
  const calls = deps.calls.calls.filter((call) => call.incident === incident && call.place === 'cloud')
  const action =
    scenario.expect.action === undefined
      ? NO_ACTION
      : await actionAfter(report, { looking, runbooks: deps.runbooks, alert: { labels, annotations } })
  return {
    report,
    action,
    escalated: calls.find(({ reason }) => reason !== 'mode' && reason !== 'fallback')?.reason,
    microUsd: calls.reduce((sum, { end, reservedMicroUsd }) => sum + (end?.microUsd ?? reservedMicroUsd), 0),
    asked,
  }
}
