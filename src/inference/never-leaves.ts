import type { Labels } from '../domain/alert.ts'

/** Whether the labels of an incident keep it at home: no cloud, and a bare card in the chat. */
export type NeverLeaves = (labels: Labels) => boolean

/** One rule: a label, and the values that count; no values: any but an explicit no. */
export interface NeverLeavesRule {
  label: string
  values: readonly string[]
}

const NO = new Set(['', 'false', 'no', 'off', '0'])

/** Any rule that fits is enough. */
export function neverLeaves(rules: readonly NeverLeavesRule[]): NeverLeaves {
  return (labels) =>
    rules.some(({ label, values }) => {
      const value = labels[label]
      if (value === undefined) return false
      return values.length === 0 ? !NO.has(value.toLowerCase()) : values.includes(value)
    })
}

const OF_MACHINES =
  /^(?:instance|host|hostname|node|nodename|kubernetes_node|exported_instance|server|machine|vm|guest)$/

/** Names of machines in labels: to a model in the cloud they are placeholders. */
export function namesOf(labels: Labels): string[] {
  return Object.entries(labels).flatMap(([label, value]) => {
    const name = OF_MACHINES.test(label) ? value.replace(/^https?:\/\//, '').replace(/[:/].*$/, '') : ''
    return name.length > 2 && !/^[\d.]+$/.test(name) ? [name] : []
  })
}
