import { expect, test } from 'vitest'
import { event, fakeCluster } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

const events = [
  event('old', { lastTimestamp: '2026-11-01T10:00:00Z', message: 'first' }),
  event('new', { lastTimestamp: '2026-11-01T10:58:00Z', message: 'second\u001b[31m line\n next' }),
  event('other', { involvedObject: { kind: 'Pod', name: 'db-0', namespace: 'shop' }, type: 'Normal' }),
]

test('events about one object come newest first, on one clean line', async () => {
  const answer = await ask(fakeCluster(events), 'events', { namespace: 'shop', for: 'pod/cart-abc-1' })
  expect(answer).toMatchObject({
    total: 2,
    truncated: false,
    summary: '2 events about pod/cart-abc-1 in shop, 2 of them warnings.',
  })
  expect((answer.items as { message: string }[]).map(({ message }) => message)).toEqual(['second line next', 'first'])
})

test('events are cut by age, type and limit', async () => {
  expect(await ask(fakeCluster(events), 'events', { since_seconds: 300 })).toMatchObject({ total: 1 })
  expect(await ask(fakeCluster(events), 'events', { type: 'Normal' })).toMatchObject({ total: 1 })
  expect(await ask(fakeCluster(events), 'events', { limit: 1 })).toMatchObject({ total: 3, truncated: true })
})

test('a namespaced object needs its namespace', async () => {
  expect(await ask(fakeCluster(events), 'events', { for: 'pod/x' })).toMatchObject({ error: { code: 'invalid' } })
})
