import { expect, test } from 'vitest'
import { approverWords, confirmIn, mayApprove, strictness, tally } from '../../src/approvals/second-person.ts'
import type { Approval, Asks, Vote } from '../../src/domain/approval.ts'
import type { Person } from '../../src/domain/person.ts'

const noon = new Date('2026-11-21T12:00:00Z')
const vote = (person: string, role: string, verdict: Vote['verdict'] = 'approve', at = noon): Vote => ({
  person,
  role,
  verdict,
  at,
})
const alice: Person = { name: 'alice', telegramId: 1, role: 'admin' }
const bob: Person = { name: 'bob', telegramId: 2, role: 'operator' }

const approval = (asks: Asks): Approval => ({
  id: 'a1',
  planId: 'p1',
  incidentId: 1,
  actions: [0],
  attempt: 1,
  asks,
  status: 'pending',
  because: '',
  digest: 'wk1:00',
  requestedAt: noon,
  expiresAt: noon,
  decidedAt: null,
  decidedBy: null,
})

test.each<[string, Asks, Vote[], true | string]>([
  ['one: nobody', 'one', [], 'Nobody has approved yet.'],
  ['one: anybody', 'one', [vote('bob', 'operator')], true],
  ['two: one alone', 'two', [vote('alice', 'admin')], 'Noted. A second person must approve too.'],
  [
    'two: the same person in two votes',
    'two',
    [vote('alice', 'admin'), vote('alice', 'admin')],
    'Noted. A second person must approve too.',
  ],
  [
    'two: two operators',
    'two',
    [vote('bob', 'operator'), vote('anna', 'operator')],
    'Noted. One of the two must be an admin.',
  ],
  [
    'two: three operators',
    'two',
    [vote('bob', 'operator'), vote('anna', 'operator'), vote('carl', 'operator')],
    'Noted. One of the two must be an admin.',
  ],
  ['two: an operator and an admin', 'two', [vote('bob', 'operator'), vote('alice', 'admin')], true],
  [
    'two: only approving votes count',
    'two',
    [vote('bob', 'operator'), vote('alice', 'admin', 'confirm'), vote('alice', 'admin', 'typed')],
    'Noted. A second person must approve too.',
  ],
  ['self: nothing yet', 'self_two', [], 'Nobody has approved yet.'],
  [
    'self: pressed once',
    'self_two',
    [vote('alice', 'admin')],
    'Noted. Now type the name of the target, wait 60 s, then press Confirm.',
  ],
  [
    'self: confirmed without the name',
    'self_two',
    [vote('alice', 'admin'), vote('alice', 'admin', 'confirm')],
    'Noted. Now type the name of the target, wait 60 s, then press Confirm.',
  ],
  [
    'self: the name, not confirmed',
    'self_two',
    [vote('alice', 'admin'), vote('alice', 'admin', 'typed')],
    'The name is right. Press Confirm 60 s after your first press.',
  ],
  [
    'self: the name typed by somebody else',
    'self_two',
    [vote('alice', 'admin'), vote('bob', 'operator', 'typed'), vote('alice', 'admin', 'confirm')],
    'Noted. Now type the name of the target, wait 60 s, then press Confirm.',
  ],
  [
    'self: all three',
    'self_two',
    [vote('alice', 'admin'), vote('alice', 'admin', 'typed'), vote('alice', 'admin', 'confirm')],
    true,
  ],
])('%s', (_name, asks, votes, expected) => {
  const counted = tally({ asks }, votes)
  expect(counted.settled ? true : counted.wants).toBe(expected)
})

test('of two people neither may be the one who asked for it, nor one of them twice', () => {
  expect(mayApprove(approval('two'), ['alice'], [], alice)).toBe('You asked for this one: two others must approve it.')
  expect(mayApprove(approval('two'), ['agent'], [vote('alice', 'admin')], alice)).toBe(
    'Your approval is in. A second person must approve too.',
  )
  expect(mayApprove(approval('two'), ['agent'], [vote('alice', 'admin')], bob)).toBeUndefined()
})

test('what one person began alone is not taken up by another', () => {
  const began = [vote('alice', 'admin')]
  expect(mayApprove(approval('self_two'), ['bob'], began, bob)).toBe(
    'alice began this, and nobody else can confirm it. Reject it to start again.',
  )
  expect(mayApprove(approval('self_two'), ['alice'], began, alice)).toBeUndefined()
  expect(mayApprove(approval('self_two'), ['agent'], [], bob)).toBeUndefined()
})

test('one person twice is more than one, and less than two people', () => {
  const all: Asks[] = ['two', 'one', 'self_two']
  expect(all.sort((a, b) => strictness(a) - strictness(b))).toEqual(['one', 'self_two', 'two'])
})

test('a grant names everybody on whose word it runs, in the room that it has', () => {
  const approving = [vote('alice', 'admin'), vote('alice', 'admin', 'confirm'), vote('bob', 'operator')]
  expect(approverWords([...approving, vote('carl', 'operator', 'typed')])).toBe('person:alice,person:bob')
  const many = Array.from({ length: 9 }, (_, n) => vote(`${n}${'x'.repeat(39)}`, 'operator'))
  const words = approverWords(many)
  expect(words.length).toBeLessThanOrEqual(200)
  expect(words).toMatch(/^person:0x+,person:1x+,person:2x+,person:3x+,5 more$/)
  expect(approverWords([])).toBe('person:unknown')
})

test('where one person is enough, whoever asked for it may also approve it', () => {
  expect(mayApprove(approval('one'), ['bob'], [], bob)).toBeUndefined()
})

test('Confirm counts a minute after one’s own first press', () => {
  const later = (seconds: number) => new Date(noon.getTime() + seconds * 1000)
  const votes = [vote('alice', 'admin')]
  expect(confirmIn(votes, 'alice', noon)).toBe(60)
  expect(confirmIn(votes, 'alice', later(59.2))).toBe(1)
  expect(confirmIn(votes, 'alice', later(60))).toBe(0)
  expect(confirmIn(votes, 'alice', later(3_600))).toBe(0)
  expect(confirmIn(votes, 'bob', later(3_600))).toBe(60)
})

test('everybody who had a hand in a plan is barred from approving it, not the last one alone', () => {
  const said = 'You asked for this one: two others must approve it.'
  expect(mayApprove(approval('two'), ['alice', 'bob'], [], alice)).toBe(said)
  expect(mayApprove(approval('two'), ['alice', 'bob'], [], bob)).toBe(said)
})
