import { expect, test } from 'vitest'
import { unfit } from '../../src/conversation/plan-idea.ts'
import type { PlanIdea } from '../../src/domain/answer.ts'
import type { Runbook } from '../../src/domain/runbook.ts'

const runbook = (id: string, steps: unknown[]) =>
  [id, { id, inputs: [{ name: 'namespace' }], steps } as unknown as Runbook] as const
const possible = {
  runbooks: new Map([runbook('mend', [{}]), runbook('advice', [])]),
  changing: [
    {
      name: 'kubernetes.scale',
      description: '',
      parameters: {
        type: 'object',
        properties: { cluster: { type: 'string' }, workload: { type: 'string' }, replicas: { type: 'integer' } },
        required: ['cluster', 'workload', 'replicas'],
        additionalProperties: false,
      },
    },
  ],
  declared: new Map(),
}
const act = (tool: string, args: Record<string, string | number | boolean>): PlanIdea => ({
  actions: [{ tool, arguments: args, why: 'x' }],
})
const good = { workload: 'deployment/cart', replicas: 2 }

test('a known runbook with its inputs, and a call that fits, can be proposed; the cluster is filled in later', () => {
  expect(unfit({ runbook: 'mend', inputs: { namespace: 'shop' } }, possible)).toBeUndefined()
  expect(unfit(act('kubernetes.scale', good), possible)).toBeUndefined()
})

test.each([
  [{ runbook: 'other', inputs: {} }, 'There is no runbook other.'],
  [{ runbook: 'advice', inputs: {} }, 'The runbook advice only advises.'],
  [{ runbook: 'mend', inputs: { user: 'root' } }, 'mend has no input user; it has namespace.'],
  [act('kubernetes.exec', {}), 'kubernetes.exec is not a tool that changes anything here.'],
  [act('kubernetes.describe', {}), 'kubernetes.describe is not a tool that changes anything here.'],
  [act('kubernetes.scale', { ...good, dry_run: false }), 'dry_run and precondition are not yours to give.'],
  [act('kubernetes.scale', { ...good, shell: 'rm' }), 'shell is not known to it'],
  [act('kubernetes.scale', { ...good, replicas: 'many' }), 'replicas must be integer'],
] satisfies [PlanIdea, string][])('%j cannot: %s', (idea, sentence) => {
  expect(unfit(idea, possible)).toContain(sentence)
})
