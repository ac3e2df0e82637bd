/** Runbooks for scenarios: short windows for what succeeds, and no checks but the ones a scenario needs. */

export interface Told {
  id?: string
  alertnames?: string
  ceiling?: 'manual' | 'prompted' | 'standard'
  steps: string
  /** `within` and `for` are thousandths here: 5m is 300 ms. */
  verify?: string
}

const healthy = `
  - tool: kubernetes.rollout_status
    args: { namespace: "\${inputs.namespace}", workload: deployment/cart }
    expect: result.available && result.restarts_since == 0
    within: 2h
  - alert: cleared
    within: 2h
    for: 3m`

/** A runbook for an alert of shop/cart that fires by this name. */
export function runbook({
  id = 'mend',
  alertnames = 'KubePodCrashLooping',
  ceiling = 'prompted',
  ...parts
}: Told): string {
  return `---
id: ${id}
title: Cart is not well
match:
  alertnames: [${alertnames}]
ceiling: ${ceiling}
inputs:
  namespace: { from: alert.labels.namespace, format: dns-label }
checks:
  - id: rollout
    tool: kubernetes.rollout_status
    args: { namespace: "\${inputs.namespace}", workload: deployment/cart }
steps:${parts.steps}
verify:${parts.verify ?? healthy}
---

# Cart is not well

Do what it says.
`
}

export function restart(workload = 'deployment/cart', id = 'restart'): string {
  return `
  - id: ${id}
    tool: kubernetes.rollout_restart
    args: { namespace: "\${inputs.namespace}", workload: ${workload} }
    rollback: { none: "a restart cannot be taken back" }`
}

export function scaleTo(replicas: number, workload = 'deployment/cart', id = 'scale'): string {
  return `
  - id: ${id}
    tool: kubernetes.scale
    args: { namespace: "\${inputs.namespace}", workload: ${workload}, replicas: ${replicas} }
    rollback: { args: { replicas: 1 } }`
}

export function memory(limit: string, workload = 'deployment/cart', id = 'memory'): string {
  return `
  - id: ${id}
    tool: kubernetes.set_resources
    args: { namespace: "\${inputs.namespace}", workload: ${workload}, memory: ${limit} }
    rollback: { args: { memory: 256Mi } }`
}

export const mending = { mend: runbook({ steps: restart() }) }
