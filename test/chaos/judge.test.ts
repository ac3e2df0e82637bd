import { expect, test } from 'vitest'
import type { Change, Entry, History } from './history.ts'
import { doubled, lost, mismatched, unapproved, untold } from './judge.ts'

const PERMISSION = { deciders: ['alice', 'bob'], admins: ['alice'], authorizationMs: 1_000 }
const DIGEST = 'wk1:9f3ca1000000'
const ASKED = `✋ Approve? w1
RUNS EXACTLY THIS · plan 9f3c-a1
1 kubernetes.set_resources chaos/w1
  - "limits.memory (w1)": 256Mi
  + "limits.memory (w1)": 384Mi
chaos/w1 · homelab · 1 alert`

function change(at: number, effect: string | null, memory = '384Mi'): Change {
  const resources = { limits: { memory } }
  const body = { spec: { template: { spec: { containers: [{ name: 'w1', resources }] } } } }
  return { at, workload: 'chaos/w1', deed: 'change', kind: 'deployments', name: 'w1', effect, body }
}

function entry(seq: number, at: number, kind: string, body: Record<string, unknown>): Entry {
  return { seq, at, kind, incident: 1, body: { plan: DIGEST, ...body } }
}

const decided = entry(1, 200, 'decided', { verdict: 'approved', by: 'alice', actions: [0] })
const ran = (effect: string, seq = 2): Entry =>
  entry(seq, 320, 'ran', { effect, action: 0, tool: 'kubernetes.set_resources', status: 'done' })

/** One alert, told, approved by alice, run once and told again. */
function good(more: Partial<History> = {}): History {
  return {
    deliveries: [{ at: 10, status: 200, alerts: [{ fingerprint: 'f1', startsAt: 's', status: 'firing' }] }],
    said: [
      { at: 20, message: 3, text: '🟠 w1 is in trouble\nchaos/w1 · homelab' },
      { at: 100, message: 3, text: ASKED },
      { at: 400, message: 3, text: '✅ Fixed: w1\nchaos/w1 · homelab' },
    ],
    changes: [change(300, 'e1')],
    pressings: [{ at: 190, by: 'alice', label: 'Approve', message: 3, workload: 'chaos/w1' }],
    ledger: [decided, ran('e1')],
    planned: [],
    fired: [{ fingerprint: 'f1', workload: 'chaos/w1' }],
    endings: [{ workload: 'chaos/w1', says: /Fixed:/ }],
    ...more,
  }
}

test('a history in which all went well has no faults', () => {
  const history = good()
  expect(lost(history)).toEqual([])
  expect(doubled(history)).toEqual([])
  expect(unapproved(history, PERMISSION)).toEqual([])
  expect(mismatched(history)).toEqual([])
  expect(untold(history)).toEqual([])
})

test('an acknowledged alert that no message is about is lost', () => {
  expect(lost(good({ said: [] }))).toHaveLength(1)
  expect(lost(good({ said: [{ at: 20, message: 3, text: 'chaos/w12 · homelab' }] }))).toHaveLength(1)
})

test('an alert that was answered with 503 is not lost: Alertmanager still has it', () => {
  const refused = good().deliveries.map((delivery) => ({ ...delivery, status: 503 }))
  expect(lost(good({ said: [], deliveries: refused }))).toEqual([])
})

test('the same effect twice, or two effects of one action, are a double run', () => {
  expect(doubled(good({ changes: [change(300, 'e1'), change(310, 'e1')] }))).toHaveLength(1)
  const twoEffects = good({
    changes: [change(300, 'e1'), change(310, 'e2')],
    ledger: [decided, ran('e1'), ran('e2', 3)],
  })
  expect(doubled(twoEffects)).toHaveLength(1)
})

test('what other people change is no double run of ours', () => {
  expect(doubled(good({ changes: [change(290, null), change(300, 'e1')] }))).toEqual([])
})

test('two actions of one plan are two runs', () => {
  const second = entry(3, 420, 'ran', { effect: 'e2', action: 1, tool: 'kubernetes.scale', status: 'done' })
  expect(
    doubled(good({ changes: [change(300, 'e1'), change(310, 'e2')], ledger: [decided, ran('e1'), second] })),
  ).toEqual([])
})

test.each<[string, Partial<History>]>([
  ['nothing in the ledger', { ledger: [decided] }],
  ['no decision', { ledger: [ran('e1')] }],
  ['a rejection', { ledger: [{ ...decided, body: { ...decided.body, verdict: 'rejected' } }, ran('e1')] }],
  ['a decision on another action', { ledger: [{ ...decided, body: { ...decided.body, actions: [1] } }, ran('e1')] }],
  ['a decision that came after it', { ledger: [{ ...decided, seq: 5 }, ran('e1')] }],
  ['nobody who pressed', { pressings: [] }],
  ['a press on another card', { pressings: [{ ...pressed(), workload: 'chaos/w2' }] }],
  ['a press after it', { pressings: [{ ...pressed(), at: 301 }] }],
  ['a press of Reject', { pressings: [{ ...pressed(), label: 'Reject' }] }],
  ['a permission that had run out', { changes: [change(1_201, 'e1')] }],
])('a change with %s was not approved', (_, more) => {
  expect(unapproved(good(more), PERMISSION)).toHaveLength(1)
})

test('a change on the word of somebody who may not decide was not approved', () => {
  const history = good({
    ledger: [{ ...decided, body: { ...decided.body, by: 'vera' } }, ran('e1')],
    pressings: [{ ...pressed(), by: 'vera' }],
  })
  expect(unapproved(history, PERMISSION)).toHaveLength(1)
})

test('a standing grant permits without a press', () => {
  const history = good({
    ledger: [{ ...decided, body: { ...decided.body, verdict: 'standing' } }, ran('e1')],
    pressings: [],
  })
  expect(unapproved(history, PERMISSION)).toEqual([])
  expect(mismatched(history)).toEqual([])
})

test('another value than the card showed, or another one before, is not what was shown', () => {
  expect(mismatched(good({ changes: [change(300, 'e1', '512Mi')] })).length).toBeGreaterThan(0)
  expect(mismatched(good({ changes: [change(290, null, '320Mi'), change(300, 'e1')] }))).toHaveLength(1)
})

test('a plan that no card showed before it ran is not what was shown', () => {
  expect(mismatched(good({ said: good().said.filter(({ at }) => at !== 100) }))).toHaveLength(1)
  expect(
    mismatched(good({ said: good().said.map((one) => (one.at === 100 ? { ...one, at: 350 } : one)) })),
  ).toHaveLength(1)
})

test('an end that the card does not come to is untold, and so is one that it has left again', () => {
  expect(untold(good({ said: good().said.slice(0, 2) }))).toHaveLength(1)
  const later = { at: 500, message: 3, text: '⏳ Working on it: w1\nchaos/w1 · homelab' }
  expect(untold(good({ said: [...good().said, later] }))).toHaveLength(1)
  expect(untold(good({ said: [] }))).toHaveLength(1)
})

function pressed() {
  return { at: 190, by: 'alice', label: 'Approve', message: 3, workload: 'chaos/w1' }
}
