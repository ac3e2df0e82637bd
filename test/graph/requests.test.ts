import { expect, test } from 'vitest'
import { afterRequest } from '../../src/graph/requests.ts'
import type { IncidentState } from '../../src/graph/state.ts'

const state: IncidentState = {
  incident: 7,
  round: 3,
  next: 'await-outcome',
  purpose: 'fix',
  basis: null,
  chosen: null,
  askedBy: null,
  candidates: [],
  runbook: 'mend',
  plan: 'p1',
  cursor: 0,
  attempt: 1,
  approval: null,
  replans: 2,
  wait: 'watch',
  alertVersion: 4,
  lastRequest: 10,
  verdict: null,
  quiet: null,
}
const after = (verb: string, params: Record<string, string | number> = {}, from = state) =>
  afterRequest(from, { id: 11, verb, params, by: 'bob' })

test('planning again begins a round of its own, for the trouble itself', () => {
  expect(after('again', {}, { ...state, purpose: 'undo', basis: 'p0' })).toMatchObject({
    round: 4,
    purpose: 'fix',
    basis: null,
    next: 'triage',
  })
})

test('undo and the rest begin a round from the plan that ran, and remember who asked', () => {
  for (const purpose of ['undo', 'rest'])
    expect(after(purpose, { subject: 'p1' })).toMatchObject({
      round: 4,
      purpose,
      basis: 'p1',
      askedBy: 'bob',
      next: 'triage',
    })
})

test('an edited plan is a round of its own: the request has the edits, and who wants them proposes it', () => {
  expect(after('modify', { plan: 'p1', edits: '[]' })).toMatchObject({
    round: 4,
    purpose: 'edited',
    basis: '11',
    askedBy: 'bob',
    next: 'triage',
  })
})

test('quiet is written down by record, with who wanted it and for how long', () => {
  expect(after('snooze', { minutes: 480 })).toMatchObject({
    quiet: { kind: 'snooze', minutes: 480, by: 'bob' },
    next: 'record',
  })
  expect(after('snooze')).toMatchObject({ quiet: { minutes: 60 } })
  expect(after('ignore')).toMatchObject({ quiet: { kind: 'ignored', by: 'bob' }, next: 'record' })
})

test('in doubt: a look, another attempt with its own approval, or the end of it', () => {
  const doubt = { ...state, wait: 'doubt' as const }
  expect(after('check_again', {}, doubt)).toMatchObject({ next: 'execute' })
  expect(after('run_again', {}, doubt)).toMatchObject({ next: 'authorize', attempt: 2 })
  expect(after('abandon', {}, doubt)).toMatchObject({
    next: 'record',
    verdict: { outcome: 'abandoned', because: 'bob left it as it is.' },
  })
})

test('whatever is asked is taken in, so that nothing is asked twice; a verb nobody knows changes nothing', () => {
  for (const verb of ['again', 'undo', 'rest', 'snooze', 'ignore', 'nonsense']) expect(after(verb).lastRequest).toBe(11)
  expect(after('nonsense')).toEqual({ lastRequest: 11, next: 'await-outcome' })
})

test('a cause that a person chose begins a round of its own for it, and they do not second its plan', () => {
  expect(after('choose', { subject: 'i1', cause: 1 })).toMatchObject({
    round: 4,
    purpose: 'fix',
    chosen: { investigation: 'i1', cause: 1 },
    askedBy: 'bob',
    next: 'triage',
  })
})

test('what an investigation asks for is taken up only by a round that has no plan', () => {
  const params = { subject: 'i1', cause: 0, round: 3 }
  expect(after('plan', params, { ...state, plan: null })).toMatchObject({ round: 4, chosen: { investigation: 'i1' } })
  expect(after('plan', params)).toEqual({ lastRequest: 11, next: 'await-outcome' })
  expect(after('plan', { ...params, round: 2 }, { ...state, plan: null })).toEqual({
    lastRequest: 11,
    next: 'await-outcome',
  })
})

test('a round that is asked for otherwise forgets what was chosen before', () => {
  const chosen = { investigation: 'i1', cause: 0 }
  for (const verb of ['again', 'undo', 'rest'])
    expect(after(verb, {}, { ...state, chosen })).toMatchObject({ chosen: null })
})
