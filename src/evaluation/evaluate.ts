import type { Runbook } from '../domain/runbook.ts'
import { judgeScenario } from './judge-scenario.ts'
import { type PlayDeps, type PlayedScenario, playScenario } from './play-scenario.ts'
import type { Scenario } from './scenario.ts'
import type { ScenarioFolder } from './scenario-folder.ts'
import type { ScriptedModel } from './scripted-model.ts'
import { judgeWalk, walkOf } from './walk.ts'

/** How one scenario went. */
export interface Mark {
  passed: boolean
  /** What was wrong, each in a sentence. */
  wrong: readonly string[]
  finding: string
  action: string
  tool_calls: number
  unsupported_claims: number
  escalated: string | null
  cost_usd: number
}

export interface Evaluation {
  scenarios: number
  passed: number
  /** Claims without evidence that were dropped, in all of them. */
  unsupported_claims: number
  tool_calls: number
  /** Scenarios in which the local model was not enough. */
  escalated: number
  cost_usd: number
  by_scenario: Readonly<Record<string, Mark>>
}

/** Models for one scenario; `scripts` where they follow one. */
export interface Cast extends Pick<PlayDeps, 'router' | 'calls'> {
  scripts?: { local: ScriptedModel; cloud: ScriptedModel }
  close?(): Promise<void>
}

export interface EvaluateDeps extends Pick<PlayDeps, 'prompt' | 'neverLeaves' | 'deadlineMs' | 'now'> {
  /** The models of one scenario; the script is undefined where real ones are asked. */
  cast(script: Scenario['script'], scenario: Scenario): Cast
  models: 'scripted' | 'env'
  runbooks(folder: ScenarioFolder): Promise<readonly Runbook[]>
  onScenario?: (id: string, mark: Mark) => void
}

/** What is tried on a recording that has no script of its own may take more than an investigation has. */
const WALK_LIMITS = { looks: 60, turns: 64, allCharacters: 10_000_000 }

/** Plays every scenario of these folders, one after the other, and adds up. */
export async function evaluate(folders: readonly ScenarioFolder[], deps: EvaluateDeps): Promise<Evaluation> {
  const marks: [string, Mark][] = []
  for (const folder of folders) {
    const runbooks = await deps.runbooks(folder)
    for (const scenario of folder.scenarios) {
      const mark = await markOf(scenario, marks.length + 1, folder, runbooks, deps)
      marks.push([scenario.id, mark])
      deps.onScenario?.(scenario.id, mark)
    }
  }
  return sumOf(marks)
}

async function markOf(
  scenario: Scenario,
  incident: number,
  { published }: ScenarioFolder,
  runbooks: readonly Runbook[],
  deps: EvaluateDeps,
): Promise<Mark> {
  const walked = deps.models === 'scripted' && scenario.script === undefined
  const script = deps.models === 'env' ? undefined : (scenario.script ?? walkOf(scenario))
  const cast = deps.cast(script, scenario)
  try {
    const limits = walked ? { limits: WALK_LIMITS } : {}
    const played = await playScenario(scenario, incident, { ...deps, ...cast, published, runbooks, ...limits })
    const left = cast.scripts ? cast.scripts.local.left() + cast.scripts.cloud.left() : 0
    const withMachinery = deps.models === 'scripted'
    const wrong = walked ? judgeWalk(scenario, played) : judgeScenario(scenario, { ...played, left }, { withMachinery })
    return toMark(played, wrong)
  } finally {
    await cast.close?.()
  }
}

function toMark({ report, action, escalated, microUsd }: PlayedScenario, wrong: readonly string[]): Mark {
  return {
    passed: wrong.length === 0,
    wrong,
    finding: report.conclusion?.finding ?? report.ending,
    action,
    tool_calls: report.looks,
    unsupported_claims: report.unsupported,
    escalated: escalated ?? null,
    cost_usd: microUsd / 1e6,
  }
}

function sumOf(marks: readonly (readonly [string, Mark])[]): Evaluation {
  const all = marks.map(([, mark]) => mark)
  const sum = (of: (mark: Mark) => number) => all.reduce((total, mark) => total + of(mark), 0)
  return {
    scenarios: all.length,
    passed: sum(({ passed }) => Number(passed)),
    unsupported_claims: sum((mark) => mark.unsupported_claims),
    tool_calls: sum((mark) => mark.tool_calls),
    escalated: sum(({ escalated }) => Number(escalated !== null)),
    cost_usd: Number(sum((mark) => mark.cost_usd).toFixed(6)),
    by_scenario: Object.fromEntries(marks),
  }
}
