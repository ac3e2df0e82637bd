import { z } from 'zod'
import { effectsOf, findPlan } from '../approvals/plan-store.ts'
import type { Edit } from '../domain/edit.ts'
import { type Action, type PlanBody, peopleBehind } from '../domain/plan.ts'
import type { GraphDeps } from './deps.ts'
import { again, type DraftStep } from './planning.ts'
import type { IncidentState } from './state.ts'

const Scalar = z.union([z.string(), z.number(), z.boolean(), z.null()])
const Edits = z.array(
  z.object({
    action: z.int(),
    field: z.string(),
    from: Scalar,
    to: Scalar,
    input: z.string().nullable(),
  }),
)

export type EditedDraft = Pick<
  PlanBody,
  'runbook' | 'inputs' | 'verify' | 'checksRound' | 'proposal' | 'edited' | 'authors'
> & {
  steps: DraftStep[]
  cluster: string
}

/** The plan of the request that `basis` names, with the values a person wants. It is rehearsed like every other. */
export async function fromEdits(
  { sql }: Pick<GraphDeps, 'sql'>,
  { incident, basis, askedBy }: IncidentState,
): Promise<EditedDraft | { problem: string }> {
  const [request] = await sql<{ plan: string; edits: string }[]>`
    select params->>'plan' as plan, params->>'edits' as edits from requests
    where id = ${Number(basis ?? 0)} and incident_id = ${incident} and verb = 'modify'`
  const plan = request && (await findPlan(sql, request.plan))
  if (!plan || plan.body.incident !== incident) return { problem: 'The plan to change is no longer there.' }
  const edits: Edit[] = Edits.parse(JSON.parse(request.edits))
  const done = (await effectsOf(sql, plan.id)).filter(({ status }) => status === 'done').map(({ action }) => action)
  const { actions, runbook, inputs, verify, cluster, checksRound, proposal, round, edited: earlier } = plan.body
  const before = earlier && [...(earlier.before ?? []), { by: earlier.by, edits: earlier.edits }]
  return {
    runbook,
    inputs: withEdits(inputs, edits),
    verify,
    cluster,
    checksRound: checksRound ?? round,
    ...(proposal && { proposal }),
    edited: { by: askedBy ?? 'agent', of: plan.digest, edits, ...(before && { before }) },
    ...peopleBehind(plan),
    steps: actions.filter(({ index }) => !done.includes(index)).map((action) => editedStep(action, edits)),
  }
}

function withEdits(inputs: PlanBody['inputs'], edits: readonly Edit[]): PlanBody['inputs'] {
  const changed = edits.flatMap(({ input, to }): [string, string | number][] =>
    input !== null && (typeof to === 'string' || typeof to === 'number') ? [[input, to]] : [],
  )
  return { ...inputs, ...Object.fromEntries(changed) }
}

function editedStep(action: Action, edits: readonly Edit[]): DraftStep {
  const own = edits.filter((edit) => edit.action === action.index)
  const step = again(action)
  if (own.length === 0) return step
  const back = action.wayBack
  // A way back that does not know a field that is set now would leave it: then the tool's own word on it counts.
  const knows = 'tool' in back && own.every(({ field }) => field in back.arguments)
  return {
    ...step,
    args: { ...step.args, ...Object.fromEntries(own.map(({ field, to }) => [field, to])) },
    wayBack: knows || 'none' in back ? back : undefined,
  }
}
