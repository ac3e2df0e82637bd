import { expect, test } from 'vitest'
import { readConclusion } from '../../src/investigation/conclude-tool.ts'
import { plannableOf } from '../../src/investigation/plannable.ts'
import { planMisuse, plansText, withoutPlans } from '../../src/investigation/plans.ts'
import type { Conclusion } from '../../src/investigation/report.ts'
import { whyNotProposed } from '../../src/tools/model-plans.ts'
import type { PublishedTool } from '../../src/tools/toolbox.ts'

const published = (name: string): PublishedTool => ({
  name,
  contract: 'x',
  definition: {
    description: 'Does something. And more.',
    inputSchema: {
      type: 'object',
      properties: {
        namespace: { type: 'string', pattern: '^[a-z-]+$' },
        replicas: { type: 'integer' },
        dry_run: { type: 'boolean' },
        precondition: { type: 'object' },
      },
      required: ['namespace', 'dry_run'],
      additionalProperties: false,
    },
  },
})

const plannable = plannableOf(
  ['kubernetes.scale', 'kubernetes.delete', 'kubernetes.logs', 'strange.tool'].map(published),
  [],
)

type Said = { runbook?: string; inputs?: unknown[]; actions?: unknown[] }

function said(plan: Said | null): Conclusion {
  const cause = {
    title: 'It',
    claims: [],
    confidence: 0.5,
    plan: plan && { runbook: '', inputs: [], actions: [], ...plan },
  }
  const read = readConclusion({
    finding: 'cause_found',
    summary: 'So.',
    causes: [cause],
    claims: [],
    next: '',
  } as never)
  if ('problem' in read) throw new Error(read.problem)
  return read
}

const scaleTo = (values: { name: string; value: string | number | boolean }[], tool = 'kubernetes.scale') =>
  said({ actions: [{ tool, arguments: values, why: 'more room' }] })
const inShop = { name: 'namespace', value: 'shop' }

test('a plan is read as a runbook with values, as actions in order, or as none', () => {
  expect(said(null).causes[0]).not.toHaveProperty('plan')
  expect(said({}).causes[0]).not.toHaveProperty('plan')
  expect(said({ runbook: 'mend', inputs: [inShop] }).causes[0]?.plan).toEqual({
    kind: 'runbook',
    runbook: 'mend',
    inputs: { namespace: 'shop' },
  })
  expect(scaleTo([inShop, { name: 'replicas', value: 2 }]).causes[0]?.plan).toEqual({
    kind: 'actions',
    actions: [{ tool: 'kubernetes.scale', arguments: { namespace: 'shop', replicas: 2 }, why: 'more room' }],
  })
})

test('a model sees the changing tools that may be planned, without what the agent sets', () => {
  expect(plannable.tools.map(({ name }) => name)).toEqual(['kubernetes.scale'])
  expect(plansText(plannable)).toContain('- kubernetes.scale(namespace, replicas?: integer): Does something.')
  expect(plansText(undefined)).toContain('Nothing can be proposed')
})

test.each([
  ['a call that fits', [inShop], 'kubernetes.scale', []],
  [
    'an argument that does not fit',
    [{ ...inShop, value: 'No Shop' }],
    'kubernetes.scale',
    ['kubernetes.scale: namespace'],
  ],
  ['an argument that nobody knows', [inShop, { name: 'x', value: 1 }], 'kubernetes.scale', ['kubernetes.scale: ']],
  ['the agent’s own arguments', [inShop, { name: 'dry_run', value: false }], 'kubernetes.scale', ['dry_run is not']],
  ['a tool that only looks', [inShop], 'kubernetes.logs', ['kubernetes.logs only looks']],
  ['what cannot be taken back', [inShop], 'kubernetes.delete', ['kubernetes.delete may cost data']],
  ['a tool nobody knows', [inShop], 'strange.tool', ['strange.tool is not a tool']],
  ['one whose server is away', [inShop], 'kubernetes.set_image', ['kubernetes.set_image cannot be used now']],
])('%s', (_, values, tool, problems) => {
  const conclusion = scaleTo(values, tool)
  const misused = planMisuse(conclusion, plannable)
  expect(misused.map(({ because }) => because)).toEqual(problems.map((text) => expect.stringContaining(text)))
  const kept = withoutPlans(conclusion, misused).causes[0]
  expect(kept?.title).toBe('It')
  expect(kept !== undefined && 'plan' in kept).toBe(problems.length === 0)
})

test('a runbook that is not there, and an input that it does not have, are refused', () => {
  const known = { ...plannable, runbooks: [{ id: 'mend', inputs: ['namespace'] }] }
  expect(planMisuse(said({ runbook: 'mend', inputs: [inShop] }), known)).toEqual([])
  expect(planMisuse(said({ runbook: 'other' }), known)[0]?.because).toBe('There is no runbook other here.')
  expect(planMisuse(said({ runbook: 'mend', inputs: [{ name: 'x', value: 1 }] }), known)[0]?.because).toBe(
    'The runbook mend has no input x.',
  )
})

test('where nothing can be proposed, every plan is refused', () => {
  expect(planMisuse(scaleTo([inShop]), undefined)).toHaveLength(1)
})

test('a count of none is as dangerous as it is, and can be taken back: people decide', () => {
  expect(whyNotProposed('kubernetes.scale', { replicas: 0 })).toBeUndefined()
  expect(whyNotProposed('proxmox.guest_reset', {})).toMatch(/needs a runbook/)
  expect(whyNotProposed('notes.write', {}, new Map([['notes.write', 'write']]))).toBeUndefined()
  expect(whyNotProposed('notes.wipe', {}, new Map([['notes.wipe', 'destructive']]))).toMatch(/needs a runbook/)
})
