import { findPlan } from '../../approvals/plan-store.ts'
import type { Answer } from '../../domain/answer.ts'
import { type Edit, editWords } from '../../domain/edit.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Person } from '../../domain/person.ts'
import { atLeast } from '../../domain/person.ts'
import type { Plan } from '../../domain/plan.ts'
import { findIncident } from '../../incidents/incident-rows.ts'
import { modeNow, modeWished } from '../../inference/mode-setting.ts'
import type { Prompt } from '../../inference/prompts.ts'
import { quoted } from '../../inference/quoting.ts'
import type { Judgement } from '../../inference/router.ts'
import type { Investigation } from '../../investigation/investigation-rows.ts'
import type { Ended, Investigating } from '../../investigation/investigation-worker.ts'
import { fenced, noteCall } from '../answer-loop.ts'
import { type ConversationDeps, emptyAnswer } from '../deps.ts'
import { namesAbout, staysHome } from '../home.ts'
import { putToGraph, whyNotChanged } from '../request.ts'
import { told } from '../told.ts'
import { EDIT, editTool, readEdits } from './edit-tool.ts'
import { canBe, editsFor, type Field, fieldsOf } from './fields.ts'
import { parsePairs } from './parse-pairs.ts'

/**
 * Makes edits of what a person wants otherwise in a plan that waits: pairs are read by code, words by a model that may only
 * name new values. The graph then makes a new plan of it, rehearses that, and asks anew. Nothing is approved by an edit.
 */
export function editPlan(deps: ConversationDeps, prompt: Prompt) {
  return async function editPlan(asked: Investigation, run: Investigating): Promise<Ended> {
    const answer = emptyAnswer()
    const person = deps.people().find(({ name }) => name === asked.askedBy)
    const plan = asked.request.plan === null ? undefined : await findPlan(deps.sql, asked.request.plan)
    const problem = await whyNotEdited(deps, person, plan)
    const edits =
      problem === undefined && plan ? await editsOf(deps, prompt, { plan, asked, run, answer }) : { problem }
    if (!plan || !person || 'problem' in edits) {
      const because = 'problem' in edits ? edits.problem : undefined
      return told(asked, { ...answer, notes: [because ?? 'This plan is not there any more.'] })
    }
    const words = edits.map(editWords).join(', ')
    const notes = [`I make a plan with ${words}, try it, and ask again on the card of #${plan.body.incident}.`]
    return told(asked, { ...answer, notes }, async (tx) => {
      const late = await putToGraph(tx, deps, {
        incident: plan.body.incident,
        person,
        verb: 'modify',
        params: { plan: plan.id, edits: JSON.stringify(edits) },
      })
      return late === undefined ? undefined : { ...answer, notes: [late] }
    })
  }
}

/** In a sentence; undefined while the plan waits and this person may change it. */
async function whyNotEdited(
  { sql }: ConversationDeps,
  person: Person | undefined,
  plan: Plan | undefined,
): Promise<string | undefined> {
  if (!person || !atLeast(person.role, 'operator')) return 'You may look, but not change a plan: your role is viewer.'
  if (!plan) return 'This plan is not there any more.'
  return await whyNotChanged(sql, plan.body.incident, plan.id)
}

interface Editing {
  plan: Plan
  asked: Investigation
  run: Investigating
  answer: Answer
}

async function editsOf(
  deps: ConversationDeps,
  prompt: Prompt,
  editing: Editing,
): Promise<Edit[] | { problem: string }> {
  const { plan, asked } = editing
  const schemas = new Map<string, JsonObject>()
  for (const { tool } of plan.body.actions) {
    const schema = (await deps.toolbox.find(tool))?.definition.inputSchema
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) schemas.set(tool, schema as JsonObject)
  }
  const fields = fieldsOf(plan, schemas, plan.body.runbook ? deps.runbooks().get(plan.body.runbook.id) : undefined)
  const pairs = parsePairs(asked.request.text ?? '')
  if (pairs) return editsFor(pairs, fields, { plan, schemas })
  return await byModel(deps, prompt, editing, fields, schemas)
}

type Made = { edits: Edit[] } | { needs: string }

async function byModel(
  deps: ConversationDeps,
  prompt: Prompt,
  { plan, asked, run, answer }: Editing,
  fields: readonly Field[],
  schemas: ReadonlyMap<string, JsonObject>,
): Promise<Edit[] | { problem: string }> {
  const incident = await findIncident(deps.sql, plan.body.incident)
  if (!incident) return { problem: 'This incident is not there any more.' }
  run.progress('Reading what you want changed …')
  const listed = fields.map(
    ({ action, tool, name, value, types }) =>
      `step ${action + 1}, ${tool}: ${name} (${types.join(' or ')}), now ${value === null ? 'not given' : JSON.stringify(value)}`,
  )
  const list = quoted({ id: 'e1', source: 'plan', text: listed.join('\n') }, 4_000)
  const routed = await deps.router.ask<Made>({
    incident: incident.id,
    severity: incident.severity,
    purpose: 'edit',
    prompt: prompt.id,
    mode: modeWished(asked.request.mode, await modeNow(deps.sql, deps.mode, incident.id)),
    neverLeaves: await staysHome(deps.sql, incident.id, deps.neverLeaves),
    names: await namesAbout(deps.sql, incident.id),
    request: {
      system: prompt.text,
      messages: [{ role: 'user', text: `${list}\n\n<question>\n${fenced(asked.request.text ?? '')}\n</question>` }],
      tools: [editTool],
      toolChoice: 'required',
      maxTokens: 600,
    },
    judge: ({ calls: [call] }): Judgement<Made> => {
      const read = call?.name === EDIT ? readEdits(call.args) : { problem: 'Answer with `edit`.' }
      if ('problem' in read) return bad(read.problem)
      if (read.edits.length === 0) return { ok: true, value: { needs: read.needs } }
      const edits = editsFor(read.edits, fields, { plan, schemas })
      return 'problem' in edits ? bad(edits.problem) : { ok: true, value: { edits } }
    },
    deadlineMs: asked.request.deadlineMs,
    signal: run.signal,
  })
  noteCall(answer, routed)
  if (!routed.value) {
    const because = routed.because ?? 'No model answered.'
    return { problem: `${because} Say it as pairs, such as memory=2Gi. ${canBe(fields)}` }
  }
  answer.by = 'model'
  if ('edits' in routed.value) return routed.value.edits
  return { problem: `I cannot make edits of that. ${routed.value.needs} ${canBe(fields)}`.replace(/ {2,}/g, ' ') }
}

function bad(repair: string) {
  return { ok: false as const, signal: 'schema' as const, because: 'The edits do not fit the plan.', repair }
}
