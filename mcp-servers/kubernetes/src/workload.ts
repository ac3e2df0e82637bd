import type { ObjectRef } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { Selector, SelectorTerm } from './objects.ts'

/** The reference in TYPE/NAME notation that the schema has checked. */
export function workloadRef(namespace: string, workload: string): ObjectRef & { namespace: string } {
  const [type = '', name = ''] = workload.split('/')
  return { kind: wellKnown(type), namespace, name }
}

/** A label selector in the words of a query. An empty selector is undefined, because it would match every pod. */
export function selectorText(selector: Selector | undefined): string | undefined {
  const labels = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`)
  const terms = (selector?.matchExpressions ?? []).map(termText)
  const text = [...labels, ...terms].join(',')
  return text === '' ? undefined : text
}

function termText({ key = '', operator, values = [] }: SelectorTerm): string {
  if (operator === 'Exists') return key
  if (operator === 'DoesNotExist') return `!${key}`
  return `${key} ${operator === 'NotIn' ? 'notin' : 'in'} (${values.join(',')})`
}
