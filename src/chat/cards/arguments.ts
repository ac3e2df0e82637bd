import type { Json, JsonObject } from '../../domain/json.ts'
import type { Action, DiffLine } from '../../domain/plan.ts'
import { ascii, name, prose } from './clean.ts'

/** One value of a call by its path, such as `containers[0].name`. */
export interface Argument {
  path: string
  value: string
}

/**
 * The arguments of an action that neither its heading nor its diff shows. `dry_run: false` is what running means and is
 * left out; the precondition is told in words of its own.
 */
export function otherArguments({ arguments: args, target, diff }: Action): Argument[] {
  const { precondition: _, ...rest } = args
  return flatten(rest).filter(({ path, value }) => {
    if (path === 'dry_run') return value !== 'false'
    if (path === 'namespace') return value !== plainValue(target.namespace)
    if (named.has(path) && value === plainValue(target.name)) return false
    if (path === targetPaths[target.kind] && (value === plainValue(target.name) || value === target.name)) return false
    return !diff.some((line) => shows(line, path, value))
  })
}

const named: ReadonlySet<string> = new Set(['name', 'workload'])

/** What tools call their target, by its kind; the id of a guest is a number there and a text in the target. */
const targetPaths: Readonly<Record<string, string>> = { Node: 'node', VirtualMachine: 'guest', Container: 'guest' }

/** What must still be so when it runs: `uid 5c1e…, generation 7`; undefined where the plan binds to nothing. */
export function preconditionWords(args: JsonObject, whole: boolean): string | undefined {
  const given = args.precondition
  if (given === undefined || given === null) return undefined
  const parts = flatten({ precondition: given }).map(({ path, value }) => {
    const field = path.replace(/^precondition\.?/, '')
    return `${field} ${whole ? value : shortened(value)}`.trim()
  })
  return parts.join(', ')
}

/** What a way back sets, against what the action set: `limits.memory 1Gi`. */
export function wayBackWords(action: Action): string {
  const back = action.wayBack
  if ('none' in back) return `none (${prose(back.none, 160)})`
  const sent = new Map(flatten(action.arguments).map(({ path, value }) => [path, value]))
  const set = flatten(back.arguments)
    .filter(({ path, value }) => !path.startsWith('precondition') && path !== 'dry_run' && sent.get(path) !== value)
    .map(({ path, value }) => inWordsOf(action.diff, path, value))
  const values = set.length > 0 ? set.join(', ') : 'with the same arguments'
  return back.tool === action.tool && set.length > 0 ? values : `${name(back.tool)} ${values}`
}

/** A value of a diff as it stands: everything but plain ASCII is spelled out, on one line. */
export function diffValue(value: string): string {
  return ascii(/[\\\x00-\x1f]|^\s|\s$|^$/.test(value) ? JSON.stringify(value) : value)
}

function flatten(value: Json, path = ''): Argument[] {
  if (Array.isArray(value) && value.length > 0)
    return value.flatMap((item, index) => flatten(item, `${path}[${index}]`))
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length > 0) {
    const join = path === '' ? '' : `${path}.`
    return Object.entries(value).flatMap(([key, item]) => flatten(item, `${join}${name(key)}`))
  }
  return [{ path, value: plainValue(value) }]
}

/** A string that could be taken for another kind of value, or that hides its ends, is quoted. */
function plainValue(value: Json): string {
  if (typeof value !== 'string') return ascii(JSON.stringify(value))
  const simple = /^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value) && !/^["[{]/.test(value)
  return simple && !/^(true|false|null|-?\d[\d.eE+-]*)$/.test(value) ? value : ascii(JSON.stringify(value))
}

function shows({ field, to }: DiffLine, path: string, value: string): boolean {
  const meant = lastPart(field) === lastPart(path) || (path === 'name' && field === 'snapshot')
  return to !== null && meant && sameValue(to, value)
}

/** The diff's own words for a value that goes back to where it was: `limits.memory 1Gi` says more than bytes. */
function inWordsOf(diff: readonly DiffLine[], path: string, value: string): string {
  const line = diff.find(
    ({ field, from }) => from !== null && lastPart(field) === lastPart(path) && sameValue(from, value),
  )
  return line && typeof line.from === 'string' ? `${name(line.field)} ${diffValue(line.from)}` : `${path} ${value}`
}

/** Whether a diff and an argument say the same, also where one counts bytes and the other has a unit. */
function sameValue(shown: NonNullable<DiffLine['to']>, value: string): boolean {
  if (plainValue(shown) === value || String(shown) === value) return true
  const bytes = bytesOf(String(shown))
  return bytes !== undefined && bytes === bytesOf(value)
}

const binary = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 } as const

/** Bytes of a Kubernetes quantity in binary units, or of a plain count. https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function bytesOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,15})(Ki|Mi|Gi|Ti)?$/.exec(text) ?? []
  if (digits === undefined) return undefined
  return Number(digits) * (unit === undefined ? 1 : binary[unit as keyof typeof binary])
}

function lastPart(path: string): string {
  return path.split('.').at(-1) ?? path
}

function shortened(value: string): string {
  const bare = value.replace(/^sha256:/, '')
  return bare.length > 12 ? `${bare.slice(0, 8)}…` : bare
}
