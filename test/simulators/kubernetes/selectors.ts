import { badRequest } from './api-error.ts'
import { isRecord, type KubeObject, type Labels } from './objects.ts'

export type Test = (object: KubeObject) => boolean

/** Reads a label selector: `a=b,c!=d,e in (f,g),h notin (i),j,!k`. Throws 400 on anything else. */
export function labelSelector(text: string): Test {
  const tests = splitOutsideParentheses(text).map(labelRequirement)
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}))
}

/** Reads a field selector: `a.b=c,d!=e`. A field that the object lacks counts as empty, as for `spec.nodeName`. */
export function fieldSelector(text: string): Test {
  const tests = fieldRequirements(text).map(({ path, negated, value }): Test => {
    const keys = path.split('.')
    return (object) => (fieldOf(object, keys) === value) !== negated
  })
  return (object) => tests.every((test) => test(object))
}

export function fieldRequirements(text: string): { path: string; negated: boolean; value: string }[] {
  return text.split(',').flatMap((part) => {
    if (part.trim() === '') return []
    const match = /^\s*([\w.-]+)\s*(!=|==|=)\s*(.*)$/.exec(part)
    if (!match) throw badRequest(`invalid selector: '${part}'; can't understand '${part}'`)
    return [{ path: match[1] ?? '', negated: match[2] === '!=', value: (match[3] ?? '').trim() }]
  })
}

function labelRequirement(part: string): (labels: Labels) => boolean {
  const text = part.trim()
  const set = /^([\w./-]+)\s+(in|notin)\s+\(([^)]*)\)$/.exec(text)
  if (set) {
    const [, key = '', operator, list = ''] = set
    const values = new Set(list.split(',').map((value) => value.trim()))
    return (labels) => {
      const value = labels[key]
      return operator === 'in' ? value !== undefined && values.has(value) : value === undefined || !values.has(value)
    }
  }
  const equality = /^([\w./-]+)\s*(!=|==|=)\s*([\w.-]*)$/.exec(text)
  if (equality) {
    const [, key = '', operator, wanted = ''] = equality
    return (labels) => (labels[key] === wanted) === (operator !== '!=')
  }
  const existence = /^(!?)\s*([\w./-]+)$/.exec(text)
  if (!existence) throw badRequest(`unable to parse requirement: found '${text}', expected a label requirement`)
  const [, absent, key = ''] = existence
  return (labels) => (labels[key] === undefined) === (absent === '!')
}

function splitOutsideParentheses(text: string): string[] {
  return text.split(/,(?![^(]*\))/).filter((part) => part.trim() !== '')
}

function fieldOf(object: KubeObject, keys: string[]): string {
  let value: unknown = object
  for (const key of keys) value = isRecord(value) ? value[key] : undefined
  return value === undefined || value === null ? '' : String(value)
}
