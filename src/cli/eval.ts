import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { readConfig } from '../config.ts'
import { OperatorError } from '../domain/errors.ts'
import { SIGNALS } from '../domain/inference.ts'
import { type Cast, type EvaluateDeps, type Evaluation, evaluate } from '../evaluation/evaluate.ts'
import type { Script } from '../evaluation/scenario.ts'
import { readScenarioFolder } from '../evaluation/scenario-folder.ts'
import { scriptedModel } from '../evaluation/scripted-model.ts'
import { memoryCalls } from '../inference/memory-calls.ts'
import { neverLeaves } from '../inference/never-leaves.ts'
import { openInference } from '../inference/open-inference.ts'
import { readPrompt } from '../inference/prompts.ts'
import { cutter } from '../inference/redaction/cutter.ts'
import { type Redactor, redactor } from '../inference/redaction/redactor.ts'
import { router } from '../inference/router.ts'
import { loadRunbookFolder } from '../knowledge/runbook-folder.ts'

export interface EvalOptions {
  scenarios?: string[]
  models?: string
  json?: boolean
}

/** Our own scenarios, and recordings that may lie beside the project. */
const OWN = fileURLToPath(new URL('../../test/eval/scenarios', import.meta.url))
const BESIDE = fileURLToPath(new URL('../../../shared/data/incidents', import.meta.url))

const SCRIPTED_MS = 30_000
const REAL_MS = 10 * 60_000
const PLENTY = { tokens: 1e9, microUsd: 1e9, calls: 1_000 }

/**
 * Plays recorded incidents. With scripted models it tries the machinery, and 1 means that a scenario failed; with those of the
 * environment it measures them, and failing is a figure.
 */
export async function evalCommand(
  { scenarios = [], models = 'scripted', json = false }: EvalOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  if (models !== 'scripted' && models !== 'env')
    throw new OperatorError('--models is scripted, for the machinery, or env, for the models that are configured.')
  const config = readConfig(env)
  const folders = await Promise.all(foldersOf(scenarios).map((folder) => readScenarioFolder(folder)))
  const stage = models === 'scripted' ? scriptedStage() : await realStage(config)
  try {
    const evaluation = await evaluate(folders, {
      ...stage,
      models,
      prompt: readPrompt('investigate'),
      neverLeaves: neverLeaves(config.inference.neverLeaves),
      now: Date.now,
      runbooks: async ({ runbooks }) => (await loadRunbookFolder(runbooks ?? config.runbooksDir)).runbooks,
      onScenario: (id, mark) => {
        process.stderr.write(`${mark.passed ? '●' : '✖'} ${id}: ${mark.finding}, ${mark.action}\n`)
        for (const because of mark.wrong) process.stderr.write(`    ${because}\n`)
      },
    })
    process.stdout.write(json ? `${JSON.stringify(evaluation)}\n` : summaryOf(evaluation))
    return models === 'scripted' && evaluation.passed < evaluation.scenarios ? 1 : 0
  } finally {
    await stage.close()
  }
}

function foldersOf(named: readonly string[]): readonly string[] {
  if (named.length > 0) return named
  if (existsSync(BESIDE)) return [OWN, BESIDE]
  process.stderr.write(`Left out: the recordings beside the project, as ${BESIDE} is not there.\n`)
  return [OWN]
}

type Stage = Pick<EvaluateDeps, 'cast' | 'deadlineMs'> & { close(): Promise<void> }

function scriptedStage(): Stage {
  const cutting = cutter()
  const redacting = redactor({ cutter: cutting, key: randomBytes(32), words: [] })
  return {
    deadlineMs: SCRIPTED_MS,
    cast: (script = { local: [], cloud: [] }) => scriptedCast(script, redacting),
    close: () => cutting.close(),
  }
}

/** Each scenario with models of its own: one script's breaker is not another's. */
function scriptedCast(script: Script, redacting: Redactor): Cast {
  const scripts = { local: scriptedModel('local', script.local), cloud: scriptedModel('cloud', script.cloud) }
  const calls = memoryCalls({ incident: PLENTY, day: PLENTY, month: PLENTY, keptForCritical: 0 }, () => new Date())
  return {
    calls,
    scripts,
    router: router({
      local: script.local.length > 0 ? scripts.local : undefined,
      cloud: script.cloud.length > 0 ? scripts.cloud : undefined,
      mode: () => 'local_first',
      escalateOn: SIGNALS,
      calls,
      redactor: redacting,
      prices: { [scripts.cloud.name]: { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 } },
      localSlots: 1,
      localMs: SCRIPTED_MS,
      cloudMs: SCRIPTED_MS,
      now: Date.now,
    }),
  }
}

/** The configured models, with the configured budgets for the whole run. */
async function realStage({ inference, people }: ReturnType<typeof readConfig>): Promise<Stage> {
  if (!inference.ollama && !inference.claude)
    throw new OperatorError(
      'There is no model to measure. Set OLLAMA_HOST or ANTHROPIC_API_KEY, or use --models scripted.',
    )
  const calls = memoryCalls(inference.budget, () => new Date())
  const opened = await openInference(inference, {
    calls,
    placeholderKey: randomBytes(32),
    people: people.map(({ name }) => name),
    now: Date.now,
  })
  return { deadlineMs: REAL_MS, cast: () => ({ calls, router: opened.router }), close: () => opened.close() }
}

function summaryOf({ scenarios, passed, unsupported_claims, tool_calls, escalated, cost_usd }: Evaluation): string {
  return `${passed} of ${scenarios} passed. ${tool_calls} looks, ${unsupported_claims} claims dropped, ${escalated} escalated, $${cost_usd.toFixed(4)}.\n`
}
