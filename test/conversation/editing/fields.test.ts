import { expect, test } from 'vitest'
import { canBe, editsFor, fieldsOf, type Wanted } from '../../../src/conversation/editing/fields.ts'
import type { JsonObject } from '../../../src/domain/json.ts'
import type { Action, Plan } from '../../../src/domain/plan.ts'
import type { Runbook } from '../../../src/domain/runbook.ts'

const SCHEMA: JsonObject = {
  type: 'object',
  properties: {
    namespace: { type: 'string' },
    workload: { type: 'string' },
    memory: { anyOf: [{ type: 'string', maxLength: 24 }, { type: 'integer' }, { type: 'null' }] },
    memory_request: { anyOf: [{ type: 'string', maxLength: 24 }, { type: 'null' }] },
    replicas: { type: 'integer', minimum: 0, maximum: 50 },
    force: { type: 'boolean' },
    app: { type: 'string' },
    patch: { type: 'object' },
    dry_run: { type: 'boolean' },
    precondition: { type: 'object' },
  },
  required: ['namespace', 'workload'],
  additionalProperties: false,
}
const schemas = new Map([['kubernetes.set', SCHEMA]])

function action(index: number, args: JsonObject): Action {
  return {
    ...{ index, tool: 'kubernetes.set', contract: 'c', effect: 'write', undoable: true, diff: [], dryRun: '' },
    ...{ wayBack: { none: 'x' }, warnings: [], costs: null, gitops: null },
    target: { cluster: 'homelab', kind: 'Deployment', namespace: 'shop', name: 'cart', uid: null },
    arguments: { namespace: 'shop', workload: 'deployment/cart', app: 'cart', dry_run: false, ...args },
  }
}

function planOf(...all: JsonObject[]): Plan {
  const body = { actions: all.map((args, index) => action(index, args)) }
  return { id: 'p', digest: 'wk1:0', proposedBy: 'agent', createdAt: new Date(), body } as unknown as Plan
}

const runbook = {
  inputs: [{ name: 'limit', from: 'alert.labels.limit', format: 'quantity' }],
  steps: [{ tool: 'kubernetes.set', args: { memory: `\${inputs.limit}` } }],
} as unknown as Runbook

function edit(wanted: Wanted[], plan = planOf({ memory: '512Mi' }), of: Runbook | undefined = undefined) {
  return editsFor(wanted, fieldsOf(plan, schemas, of), { plan, schemas })
}
const want = (field: string, value: Wanted['value'], step: number | null = null): Wanted => ({ field, value, step })

test('what it acts on, and what belongs to its rehearsal, is not edited', () => {
  const names = fieldsOf(planOf({ memory: '512Mi' }), schemas, undefined).map(({ name }) => name)
  expect(names).toEqual(['memory', 'memory_request', 'replicas', 'force'])
})

test.each([
  ['text stays text', want('memory', '2Gi'), '2Gi'],
  ['a number in words becomes one', want('replicas', '3'), 3],
  ['true in words becomes true', want('force', 'true'), true],
  ['none takes a value away, where it may be absent', want('memory', 'none'), null],
  ['a name as the card has it', want('requests.memory', '1Gi'), '1Gi'],
])('%s', (_, wanted, to) => {
  expect(edit([wanted])).toMatchObject([{ action: 0, to }])
})

test.each([
  [
    'an unknown field',
    [want('memori', '2Gi')],
    'There is no memori to edit. Can be edited: memory (now 512Mi), memory_request, replicas, force.',
  ],
  ['another target', [want('namespace', 'kube-system')], 'There is no namespace to edit.'],
  ['another type', [want('replicas', 'many')], 'replicas takes integer, not "many".'],
  ['out of its bounds', [want('replicas', 99)], 'replicas must be at most 50.'],
  ['a whole object', [want('memory', { a: 1 })], 'memory takes'],
  ['the same as now', [want('memory', '512Mi')], 'It is so already: memory is 512Mi.'],
  ['twice', [want('memory', '1Gi'), want('memory', '2Gi')], 'memory is there twice.'],
])('%s is a sentence', (_, wanted, sentence) => {
  expect(edit(wanted)).toMatchObject({ problem: expect.stringContaining(sentence) })
})

test('the format of the runbook’s input holds for what a person names, and the input is told with it', () => {
  const plan = planOf({ memory: '512Mi' })
  expect(edit([want('memory', 'lots')], plan, runbook)).toMatchObject({
    problem: expect.stringContaining('must be an amount'),
  })
  expect(edit([want('memory', '2Gi')], plan, runbook)).toMatchObject([{ to: '2Gi', input: 'limit' }])
})

test('of several steps the one that has the field is meant, or the step must be said', () => {
  expect(edit([want('memory', '2Gi')], planOf({ replicas: 2 }, { memory: '1Gi' }))).toMatchObject([{ action: 1 }])
  const both = planOf({ memory: '1Gi' }, { memory: '1Gi' })
  expect(edit([want('memory', '2Gi')], both)).toEqual({
    problem: 'Several steps have memory. Say which: 1.memory=… or 2.memory=….',
  })
  expect(edit([want('memory', '2Gi', 2)], both)).toMatchObject([{ action: 1, to: '2Gi' }])
  expect(canBe(fieldsOf(both, schemas, undefined))).toContain('2.memory (now 1Gi)')
})
