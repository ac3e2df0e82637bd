import type { Edit } from '../../domain/edit.ts'
import type { Json, JsonObject } from '../../domain/json.ts'
import type { Action, Plan } from '../../domain/plan.ts'
import type { Format, Runbook } from '../../domain/runbook.ts'
import { fitFormat } from '../../knowledge/input-formats.ts'
import { misfits, resolve, type Schema, typesOf } from '../../knowledge/schema-fit.ts'

/** An argument of a plan's action that a person may set otherwise. */
export interface Field {
  action: number
  tool: string
  name: string
  /** Null where it is not given. */
  value: Json
  /** JSON types that its schema takes. */
  types: readonly string[]
  input: { name: string; format: Format } | null
}

/** Arguments of a call that belong to its rehearsal, or say what it acts on: another target is another plan. */
const NOT_EDITED =
  /^(?:dry_run|precondition|cluster|namespace|workload|name|kind|api_version|pod|container|node|nodes|vmid|guest|target_node|uid)$/
const SCALARS = ['string', 'number', 'integer', 'boolean']

/** The arguments that may be edited. Pure; `schemas` are the published input schemas by tool. */
export function fieldsOf(
  plan: Plan,
  schemas: ReadonlyMap<string, JsonObject>,
  runbook: Pick<Runbook, 'inputs' | 'steps'> | undefined,
): Field[] {
  return plan.body.actions.flatMap((action) => {
    const schema: Schema = schemas.get(action.tool) ?? {}
    return Object.entries(schema.properties ?? {}).flatMap(([name, property]) => {
      const value = action.arguments[name] ?? null
      const types = typesIn(property, schema)
      if (NOT_EDITED.test(name) || namesTarget(value, action) || !types.some((type) => SCALARS.includes(type)))
        return []
      return [{ action: action.index, tool: action.tool, name, value, types, input: inputOf(action, name, runbook) }]
    })
  })
}

function typesIn(property: Schema, root: Schema): string[] {
  const schema = resolve(property, root)
  const choices = [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])]
  const own = schema.enum ? ['string'] : typesOf(schema)
  return [...own, ...choices.flatMap((choice) => typesIn(choice, root))]
}

function namesTarget(value: Json, { target }: Action): boolean {
  const text = String(value)
  return value !== null && (text === target.name || text === target.namespace || text.endsWith(`/${target.name}`))
}

/** The input that fills an argument all by itself: its format holds for an edited value too. */
function inputOf(action: Action, field: string, runbook: Pick<Runbook, 'inputs' | 'steps'> | undefined) {
  const step = runbook?.steps[action.index]
  const template = step?.tool === action.tool ? step.args[field] : undefined
  const [, name] = /^\$\{inputs\.([A-Za-z_]\w*)\}$/.exec(typeof template === 'string' ? template : '') ?? []
  const input = runbook?.inputs.find((one) => one.name === name)
  return input ? { name: input.name, format: input.format } : null
}

/** What a person wrote or a model made of it: a step, or null where only one has such a field. */
export interface Wanted {
  step: number | null
  field: string
  value: Json
}

/**
 * The edits, or why they cannot be, in a sentence that names what can be edited. Pure. The tool still has the last word: the
 * edited plan is rehearsed before anybody is asked.
 */
export function editsFor(
  wanted: readonly Wanted[],
  fields: readonly Field[],
  { plan, schemas }: { plan: Plan; schemas: ReadonlyMap<string, JsonObject> },
): Edit[] | { problem: string } {
  const edits: Edit[] = []
  for (const { step, field, value: given } of wanted) {
    const found = find(fields, step, field)
    if ('problem' in found) return found
    const value = fitted(found, given)
    if (typeof value === 'object' && value !== null) return value
    edits.push({
      action: found.action,
      field: found.name,
      from: found.value,
      to: value,
      input: found.input?.name ?? null,
    })
  }
  const twice = edits.find((edit, at) => edits.findIndex((one) => same(one, edit)) !== at)
  if (twice) return { problem: `${twice.field} is there twice. Say it once.` }
  const changed = edits.filter(({ from, to }) => from !== to)
  const [same_] = edits
  if (changed.length === 0)
    return {
      problem: same_ ? `It is so already: ${same_.field} is ${same_.to}.` : `Nothing to change. ${canBe(fields)}`,
    }
  for (const action of plan.body.actions) {
    const problem = misfit(action, changed, schemas.get(action.tool) ?? {})
    if (problem !== undefined) return { problem }
  }
  return changed
}

function same(a: Edit, b: Edit): boolean {
  return a.action === b.action && a.field === b.field
}

function find(fields: readonly Field[], step: number | null, field: string): Field | { problem: string } {
  const named = (name: string) =>
    fields.filter((one) => one.name === name && (step === null || one.action === step - 1))
  const found = named(field).length > 0 ? named(field) : named(asArgument(field))
  const [first, ...others] = found
  if (!first) return { problem: `There is no ${field.slice(0, 60)} to edit. ${canBe(fields)}` }
  if (others.length === 0) return first
  // Several steps could take it: the one that has it now is meant, if there is only one.
  const [given, ...more] = found.filter(({ value }) => value !== null)
  if (given && more.length === 0) return given
  const steps = found.map(({ action }) => `${action + 1}.${first.name}=…`).join(' or ')
  return { problem: `Several steps have ${first.name}. Say which: ${steps}.` }
}

/** As the card names a field: `limits.memory` is set by `memory`, `requests.cpu` by `cpu_request`. */
function asArgument(field: string): string {
  const [, kind, name = field] = /^(limits|requests)\.(\w+)$/.exec(field) ?? []
  return kind === 'requests' ? `${name}_request` : name
}

/** `Can be edited: memory (now 1536Mi), cpu.` */
export function canBe(fields: readonly Field[]): string {
  if (fields.length === 0) return 'Nothing of this plan can be edited.'
  const several = new Set(fields.map(({ action }) => action)).size > 1
  const names = fields.map(
    ({ action, name, value }) => `${several ? `${action + 1}.` : ''}${name}${value === null ? '' : ` (now ${value})`}`,
  )
  return `Can be edited: ${names.join(', ')}.`
}

/** The value as its schema takes it, of the format of the runbook's input; an object with a sentence where it is not. */
function fitted({ name, types, input }: Field, given: Json): string | number | boolean | null | { problem: string } {
  const value = coerced(types, given)
  if (value === undefined)
    return { problem: `${name} takes ${types.join(' or ')}, not ${JSON.stringify(given).slice(0, 60)}.` }
  if (!input || value === null || typeof value === 'boolean') return value
  const fit = fitFormat(value, input.format)
  return 'value' in fit ? fit.value : { problem: `${name} must be ${fit.wanted}.` }
}

function coerced(types: readonly string[], given: Json): string | number | boolean | null | undefined {
  const text = typeof given === 'object' ? undefined : String(given)
  if (given === null || (types.includes('null') && /^(?:none|null)$/i.test(text ?? '')))
    return types.includes('null') ? null : undefined
  if (text === undefined) return undefined
  const number = /^-?\d{1,15}(?:\.\d{1,9})?$/.test(text) ? Number(text) : undefined
  if (number !== undefined && types.includes('number')) return number
  if (number !== undefined && types.includes('integer') && Number.isInteger(number)) return number
  if (/^(?:true|false)$/i.test(text) && types.includes('boolean')) return /^true$/i.test(text)
  return types.includes('string') ? text : undefined
}

function misfit(action: Action, edits: readonly Edit[], schema: JsonObject): string | undefined {
  const own = edits.filter((edit) => edit.action === action.index)
  if (own.length === 0) return undefined
  const args = { ...action.arguments, ...Object.fromEntries(own.map(({ field, to }) => [field, to])) }
  const wrong = misfits(args, schema, () => false).find(({ pointer }) => own.some(({ field }) => field === pointer[0]))
  return wrong && `${wrong.pointer.join('.')} ${wrong.message}.`
}
