import { expect, test } from 'vitest'
import { creditOf } from '../../src/autonomy/trust.ts'
import type { Outcome } from '../../src/domain/incident.ts'
import { action, plan } from '../chat/views.ts'

const two = plan([action(), action({ index: 1 })])
const because = 'for a test'

test.each<[Outcome, ran: number, 'success' | 'failure' | 'none']>([
  ['fixed', 2, 'success'],
  ['fixed', 1, 'none'],
  ['fixed', 0, 'none'],
  ['not_fixed', 2, 'failure'],
  ['not_fixed', 1, 'failure'],
  ['not_fixed', 0, 'none'],
  ['reverted', 2, 'failure'],
  ['self_resolved', 0, 'none'],
  ['self_resolved', 2, 'none'],
  ['expired', 0, 'none'],
  ['in_doubt', 1, 'none'],
  ['abandoned', 1, 'none'],
  ['ignored', 0, 'none'],
  ['advised', 0, 'none'],
])('%s with %i of two actions done: %s', (outcome, ran, credit) => {
  expect(creditOf(two, { outcome, because }, ran).credit).toBe(credit)
})

test('a rejection is one, and counts against it', () => {
  expect(creditOf(two, { outcome: 'rejected', because }, 0)).toMatchObject({ decision: 'rejected', credit: 'failure' })
})

test.each(['undo', 'rest'] as const)('a plan to %s earns nothing and costs nothing', (purpose) => {
  const other = plan([action()], { purpose })
  for (const outcome of ['fixed', 'not_fixed', 'reverted'] as const)
    expect(creditOf(other, { outcome, because }, 1)).toMatchObject({ credit: 'none', because: `it was to ${purpose}` })
})
