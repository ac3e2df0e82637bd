import type { Problem, Runbook } from '../../src/domain/runbook.ts'
import { parseRunbook } from '../../src/knowledge/runbook-file.ts'

/** A sound runbook of two pages' worth of features; tests spoil one thing in it at a time. */
export const SAMPLE = `---
id: sample
title: Cart keeps crashing
match:
  alertnames: [KubePodCrashLooping]
  matchers: ['namespace!~"kube-.*"']
ceiling: prompted
inputs:
  namespace: { from: alert.labels.namespace, format: dns-label }
  pod: { from: alert.labels.pod, format: dns-name }
  workload: { from: checks.look.result.workload, format: workload }
checks:
  - id: look
    tool: kubernetes.describe
    args: { kind: Pod, namespace: "\${inputs.namespace}", name: "\${inputs.pod}" }
    expect: result.containers.exists(c, c.restarts > 3)
    shows: it was restarted more than three times
  - id: rollout
    tool: kubernetes.rollout_status
    args: { namespace: "\${inputs.namespace}", workload: "\${inputs.workload}" }
    required: false
steps:
  - id: raise
    tool: kubernetes.set_resources
    args:
      namespace: "\${inputs.namespace}"
      workload: "\${inputs.workload}"
      memory: "\${checks.look.result.limit * 2}"
    does: doubles the memory limit
    costs: one restart
    rollback: { args: { memory: "\${checks.look.result.limit}" } }
verify:
  - tool: kubernetes.rollout_status
    args: { namespace: "\${inputs.namespace}", workload: "\${inputs.workload}" }
    expect: result.available && result.restarts_since == 0
    within: 10m
  - alert: cleared
    within: 30m
    for: 20m
---

# Cart keeps crashing

Doubling the memory helps.
`

/** The sample with one piece of its text replaced; throws where the piece is not there, so that no test is vacuous. */
export function spoil(piece: string, replacement: string, text: string = SAMPLE): string {
  if (!text.includes(piece)) throw new Error(`The sample has no ${JSON.stringify(piece)}.`)
  return text.replace(piece, () => replacement)
}

export function parsed(text: string = SAMPLE, path = 'runbooks/sample.md'): Runbook {
  const { runbook, problems } = parseRunbook(text, path)
  if (!runbook) throw new Error(problems.map(said).join('\n'))
  return runbook
}

/** `12 error: what is wrong. what to do.` */
export function said({ line, severity, message, hint }: Problem): string {
  return `${line} ${severity}: ${message}${hint ? ` ${hint}` : ''}`
}
