import { expect, test } from 'vitest'
import { creditOf } from '../../src/autonomy/trust.ts'
import type { Outcome } from '../../src/domain/incident.ts'
import { action, plan } from '../chat/views.ts'

const two = plan([action(), action({ index: 1 })])
const because = 'for a test'

test.each<[Outcome, ran: number, 'success' | 'failure' | 'none' | undefined]>([
  ['fixed', 2, 'success'],
  ['fixed', 1, 'none'],
  ['fixed', 0, undefined],
  ['not_fixed', 2, 'failure'],
  ['not_fixed', 1, 'failure'],
  ['not_fixed', 0, undefined],
  ['reverted', 2, 'failure'],
  ['self_resolved', 0, undefined],
  ['self_resolved', 2, 'none'],
  ['expired', 0, undefined],
  ['in_doubt', 1, 'none'],
  ['abandoned', 1, 'none'],
  ['unknown', 1, 'none'],
  ['ignored', 0, undefined],
  ['advised', 0, undefined],
])('%s with %i of two actions done: %s', (outcome, ran, credit) => {
  expect(creditOf(two, { outcome, because }, { ran, standing: false })?.credit).toBe(credit)
})

test('a rejection is on record as one, and is no failure of what did not run', () => {
  const credit = creditOf(two, { outcome: 'rejected', because }, { ran: 0, standing: false })
  expect(credit).toMatchObject({ decision: 'rejected', credit: 'none' })
})

test('what its level alone permitted is not counted as approved', () => {
  expect(creditOf(two, { outcome: 'fixed', because }, { ran: 2, standing: true })?.decision).toBe('standing')
})

test.each(['undo', 'rest'] as const)('a plan to %s earns nothing and costs nothing', (purpose) => {
  const other = plan([action()], { purpose })
  for (const outcome of ['fixed', 'not_fixed', 'reverted'] as const)
    expect(creditOf(other, { outcome, because }, { ran: 1, standing: false })).toMatchObject({
      credit: 'none',
      because: `it was to ${purpose}`,
    })
})
