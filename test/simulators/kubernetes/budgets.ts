import { isReady, isRecord, type KubeObject, type Pod } from './objects.ts'
import { resourceOfKind } from './resources.ts'
import type { Store } from './store.ts'

const BUDGET = resourceOfKind('policy/v1', 'PodDisruptionBudget')
const POD = resourceOfKind('v1', 'Pod')

export interface Allowance {
  allowed: number
  healthy: number
  /** How many healthy pods the budget wants left. */
  needed: number
  expected: number
}

/** The budget that covers a pod. The real API refuses a pod with two; here the first counts. */
export function budgetOf(store: Store, pod: KubeObject): KubeObject | undefined {
  return store.list(BUDGET, pod.metadata.namespace).find((budget) => covers(budget, pod))
}

/** How many of a budget's pods may be disrupted now, by its minAvailable or maxUnavailable (a count, or percent rounded up). */
export function disruptionsAllowed(store: Store, budget: KubeObject): Allowance {
  const pods = store.list(POD, budget.metadata.namespace).filter((pod) => covers(budget, pod)) as Pod[]
  const spec = isRecord(budget.spec) ? budget.spec : {}
  const expected = pods.length
  const healthy = pods.filter(isReady).length
  const needed =
    spec.minAvailable === undefined
      ? Math.max(0, expected - amount(spec.maxUnavailable, expected))
      : amount(spec.minAvailable, expected)
  return { allowed: Math.max(0, healthy - needed), healthy, needed, expected }
}

/** A budget with the status its controller would have written. */
export function withStatus(store: Store, budget: KubeObject): KubeObject {
  const { allowed, healthy, needed, expected } = disruptionsAllowed(store, budget)
  const status = {
    disruptionsAllowed: allowed,
    currentHealthy: healthy,
    desiredHealthy: needed,
    expectedPods: expected,
    observedGeneration: budget.metadata.generation,
  }
  return { ...budget, status }
}

function covers(budget: KubeObject, pod: KubeObject): boolean {
  const spec = isRecord(budget.spec) ? budget.spec : {}
  const labels = isRecord(spec.selector) && isRecord(spec.selector.matchLabels) ? spec.selector.matchLabels : {}
  return Object.entries(labels).every(([key, value]) => pod.metadata.labels?.[key] === value)
}

function amount(value: unknown, of: number): number {
  const text = String(value ?? 0)
  return text.endsWith('%') ? Math.ceil((Number(text.slice(0, -1)) / 100) * of) : Number(text)
}
