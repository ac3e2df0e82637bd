import type { Json } from './json.ts'

/** One value of a plan that a person wants otherwise. */
export type Edit = {
  /** The action, by its index in the plan. */
  action: number
  /** The argument's name. */
  field: string
  /** Null where the argument was not given, or null. */
  from: Json
  to: Json
  /** The runbook's input that the argument was filled from; null where it was from none. */
  input: string | null
}

/** `memory 2Gi instead of 1536Mi` */
export function editWords({ field, from, to }: Edit): string {
  const words = (value: Json) => (value === null ? 'none' : String(value))
  return `${field} ${words(to)}${from === null ? '' : ` instead of ${words(from)}`}`
}
