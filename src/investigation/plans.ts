import type { Json, JsonObject } from '../domain/json.ts'
import { misfits } from '../knowledge/schema-fit.ts'
import type { LookingTool, Plannable } from './port.ts'
import type { Cause, Conclusion, ProposedAction } from './report.ts'

/** Why a plan was refused: which cause it belongs to, what it named, and a whole sentence. */
export interface Misused {
  cause: number
  tool: string
  because: string
}

/** Everything that is wrong with the plans of a conclusion. Pure. */
export function planMisuse({ causes }: Conclusion, plannable: Plannable | undefined): Misused[] {
  return causes.flatMap((cause, index) =>
    wrongWith(cause, plannable).map(({ tool, because }) => ({
      cause: index,
      tool: tool.slice(0, 120),
      because: because.slice(0, 300),
    })),
  )
}

/** The conclusion without the plans that were refused: what it says of the cause stands. */
export function withoutPlans(conclusion: Conclusion, misused: readonly Misused[]): Conclusion {
  if (misused.length === 0) return conclusion
  const causes = conclusion.causes.map((cause, index) => {
    if (!misused.some((one) => one.cause === index)) return cause
    const { plan: _refused, ...rest } = cause
    return rest
  })
  return { ...conclusion, causes }
}

function wrongWith({ plan }: Cause, plannable: Plannable | undefined): Omit<Misused, 'cause'>[] {
  if (!plan) return []
  if (!plannable) return [{ tool: 'plan', because: 'Nothing can be proposed here.' }]
  if (plan.kind === 'actions') return plan.actions.flatMap((action) => wrongAction(action, plannable))
  const runbook = plannable.runbooks.find(({ id }) => id === plan.runbook)
  if (!runbook) return [{ tool: plan.runbook, because: `There is no runbook ${plan.runbook} here.` }]
  const unknown = Object.keys(plan.inputs).filter((name) => !runbook.inputs.includes(name))
  return unknown.map((name) => ({ tool: plan.runbook, because: `The runbook ${plan.runbook} has no input ${name}.` }))
}

function wrongAction({ tool, arguments: args }: ProposedAction, plannable: Plannable): Omit<Misused, 'cause'>[] {
  const not = plannable.whyNot(tool, args)
  if (not !== undefined) return [{ tool, because: `${not}.` }]
  const known = plannable.tools.find(({ name }) => name === tool)
  if (!known) return [{ tool, because: `${tool} cannot be used now.` }]
  return misfits(args, known.parameters, () => false).map(({ pointer, message }) => ({
    tool,
    because: `${tool}: ${pointer.join('.') || 'the arguments'} ${message}.`,
  }))
}

/** What a plan may name, for the system prompt: the same from call to call, so that it is cached. */
export function plansText(plannable: Plannable | undefined): string {
  if (!plannable) return '\n\nNothing can be proposed here: leave every `plan` null.'
  const tools = plannable.tools.map(({ name, description, parameters }) => {
    const [said = ''] = description.split(/(?<=\.)\s/)
    return `- ${name}(${argumentsOf(parameters)}): ${said.slice(0, 160)}`
  })
  const runbooks = plannable.runbooks.map(({ id, inputs }) => `- ${id}(${inputs.join(', ')})`)
  return [
    '',
    '',
    'A plan may name one of these runbooks, with values for those inputs that the alert does not have:',
    ...runbooks,
    'or, where none fits, at most four calls of these tools, in order (`?`: may be left out):',
    ...tools,
  ].join('\n')
}

function argumentsOf({ properties, required }: LookingTool['parameters']): string {
  const must = Array.isArray(required) ? required : []
  return Object.entries(Object(properties) as JsonObject)
    .map(([name, shape]) => `${name}${must.includes(name) ? '' : '?'}${typeOf(shape)}`)
    .join(', ')
}

function typeOf(shape: Json): string {
  const { type, enum: values } = Object(shape) as JsonObject
  if (Array.isArray(values)) return `: ${values.join('|').slice(0, 80)}`
  return typeof type === 'string' && type !== 'string' ? `: ${type}` : ''
}
