import type { ProposedPlan } from '../domain/investigation.ts'
import type { Json, JsonObject } from '../domain/json.ts'
import type { Action, PlanBody } from '../domain/plan.ts'
import type { Runbook } from '../domain/runbook.ts'
import { fitFormat } from '../knowledge/input-formats.ts'
import { type ResolvedInputs, resolveInputs } from '../knowledge/inputs.ts'
import { lookupRunbooks } from '../knowledge/lookup.ts'
import { misfits } from '../knowledge/schema-fit.ts'
import type { AlertFacts, CheckResults } from '../knowledge/scope.ts'
import { whyNotProposed } from '../tools/model-plans.ts'
import type { GraphDeps } from './deps.ts'
import { type DraftStep, withCluster } from './planning.ts'
import type { IncidentState } from './state.ts'

/** What was proposed for the cause that this round is about; undefined where the round is about none, or it is gone. */
export async function chosenPlan({ deeper }: GraphDeps, { chosen }: IncidentState): Promise<ProposedPlan | undefined> {
  return chosen ? await deeper?.plan(chosen.investigation, chosen.cause) : undefined
}

export type Given = Readonly<Record<string, string | number>>

/** Values that a model gave for a runbook's inputs, each held to its format like any other value from outside. */
export function givenInputs(runbook: Runbook, inputs: JsonObject): { values: Given } | { problem: string } {
  const values: Record<string, string | number> = {}
  for (const [name, value] of Object.entries(inputs)) {
    const input = runbook.inputs.find((one) => one.name === name)
    if (!input) return { problem: `The runbook ${runbook.id} has no input ${name.slice(0, 60)}.` }
    const fitted = fitFormat(value, input.format)
    if ('wanted' in fitted) return { problem: `The proposed ${name} does not fit; wanted is ${fitted.wanted}.` }
    values[name] = fitted.value
  }
  return { values }
}

/** The inputs of a runbook: what was given, and else what the alert and the checks say. */
export function inputsWith(
  runbook: Runbook,
  known: { alert: AlertFacts; checks: CheckResults },
  given: Given,
): ResolvedInputs {
  const { values, missing, refused } = resolveInputs(runbook, known)
  const open = ({ name }: { name: string }) => !Object.hasOwn(given, name)
  return { values: { ...values, ...given }, missing: missing.filter(open), refused: refused.filter(open) }
}

/**
 * Whether a runbook stands for itself here: it is for this alert, and would be filled with the same values by itself. Else its
 * steps are a plan like one of single actions, and what it has earned does not count.
 */
export function isItsOwn(
  runbook: Runbook,
  known: { alert: { labels: Readonly<Record<string, string>> } & AlertFacts; checks: CheckResults },
  given: Given,
): boolean {
  if (lookupRunbooks([runbook], known.alert).length === 0) return false
  const own = resolveInputs(runbook, known).values
  return Object.entries(given).every(([name, value]) => own[name] === value)
}

/** The steps of a plan of single actions, each allowed, there, and with arguments that fit; else a sentence. */
export async function draftActions(
  { toolbox, rules }: GraphDeps,
  cluster: string,
  plan: Extract<ProposedPlan, { kind: 'actions' }>,
): Promise<DraftStep[] | { problem: string }> {
  const steps: DraftStep[] = []
  for (const { tool, arguments: args } of plan.actions) {
    const not = whyNotProposed(tool, args, rules.declared)
    if (not !== undefined) return { problem: `${not}.` }
    const published = await toolbox.find(tool)
    if (!published) return { problem: `${tool} cannot be used now.` }
    const full = await withCluster({ toolbox, name: cluster }, tool, args)
    const [wrong] = misfits(full, Object(published.definition.inputSchema), isOpen)
    if (wrong) return { problem: `${tool}: ${wrong.pointer.join('.') || 'the arguments'} ${wrong.message}.` }
    steps.push({ tool, args, wayBack: undefined, costs: null })
  }
  return steps
}

function isOpen(_value: Json): boolean {
  return false
}

const SOUND_WITHIN_MS = 10 * 60_000
const CLEAR_WITHIN_MS = 30 * 60_000
const CLEAR_FOR_MS = 20 * 60_000
const WORKLOADS = new Set(['deployment', 'statefulset', 'daemonset'])

/** What shows whether single actions have helped: the platform's own word on each workload, and the alert. */
export async function soundAgain(
  { toolbox, options }: GraphDeps,
  cluster: string,
  actions: readonly Action[],
): Promise<PlanBody['verify']> {
  const scaled = (ms: number) => Math.ceil(ms * options.verifyScale)
  const tool = 'kubernetes.rollout_status'
  const workloads = new Map(
    actions.flatMap(({ tool: own, target: { kind, namespace, name } }) => {
      const known = own.startsWith('kubernetes.') && namespace !== null && WORKLOADS.has(kind.toLowerCase())
      const workload = `${kind.toLowerCase()}/${name}`
      return known ? [[`${namespace}/${workload}`, { namespace, workload }] as const] : []
    }),
  )
  const sound = await Promise.all(
    [...workloads.values()].map(async (args) => ({
      kind: 'tool' as const,
      tool,
      args: await withCluster({ toolbox, name: cluster }, tool, args),
      expect: 'result.available',
      withinMs: scaled(SOUND_WITHIN_MS),
    })),
  )
  return [...sound, { kind: 'alert', withinMs: scaled(CLEAR_WITHIN_MS), forMs: scaled(CLEAR_FOR_MS) }]
}
