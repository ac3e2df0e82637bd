import { afterAll, expect, test } from 'vitest'
import {
  dropLease,
  freeTargets,
  holdsLease,
  keepAlive,
  keepLease,
  takeLease,
  takeTargets,
  targetsInTheWay,
} from '../../src/incidents/leases.ts'
import { pass, seedIncident } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

test('of twenty workers at once one gets the lease, and the others nothing', async () => {
  const taken = await Promise.all(
    Array.from({ length: 20 }, (_, at) => takeLease(sql, 'incident:1', `worker-${at}`, 8_000)),
  )
  expect(taken.filter((lease) => lease !== undefined)).toHaveLength(1)
})

test('the epoch rises with every holder, and never when the holder stays', async () => {
  const first = await takeLease(sql, 'incident:2', 'a', 8_000)
  expect(await takeLease(sql, 'incident:2', 'a', 8_000)).toEqual(first)
  expect(await takeLease(sql, 'incident:2', 'b', 8_000)).toBeUndefined()
  if (!first) throw new Error('the lease was free')
  await dropLease(sql, first)
  const second = await takeLease(sql, 'incident:2', 'a', 8_000)
  expect(second?.epoch).toBe(first.epoch + 1)
})

test('a lease that ran out is another’s, and its old holder can neither keep it nor act under it', async () => {
  const old = await takeLease(sql, 'incident:3', 'a', 8_000)
  if (!old) throw new Error('the lease was free')
  expect(await keepLease(sql, old, 8_000)).toBe(true)
  await pass(sql, 8_001)
  expect(await keepLease(sql, old, 8_000)).toBe(false)
  expect(await holdsLease(sql, old)).toBe(false)
  const next = await takeLease(sql, 'incident:3', 'b', 8_000)
  expect(next?.epoch).toBe(old.epoch + 1)
  await dropLease(sql, old)
  expect(next && (await holdsLease(sql, next))).toBe(true)
})

test('whoever keeps a lease is told the moment it is another’s', async () => {
  const lease = await takeLease(sql, 'incident:4', 'a', 60_000)
  if (!lease) throw new Error('the lease was free')
  const alive = keepAlive(sql, lease, { ttlMs: 60_000, everyMs: 10 })
  await sql`update leases set holder = 'b', epoch = epoch + 1 where name = 'incident:4'`
  await aborted(alive.signal)
  expect(String(alive.signal.reason)).toContain('is held by somebody else')
})

test('whoever cannot reach the database stops before the lease has run out', async () => {
  const lease = await takeLease(sql, 'incident:5', 'a', 100)
  if (!lease) throw new Error('the lease was free')
  const unreachable = Object.assign((() => new Promise(() => {})) as unknown as typeof sql, {})
  const started = performance.now()
  const alive = keepAlive(unreachable, lease, { ttlMs: 100, everyMs: 10 })
  await aborted(alive.signal)
  expect(String(alive.signal.reason)).toContain('was not confirmed in time')
  expect(performance.now() - started).toBeLessThan(1_000)
})

test('a target is one incident’s from first start to its end, without expiry', async () => {
  const [one, two] = [await seedIncident(sql), await seedIncident(sql)]
  expect(await takeTargets(sql, one, ['shop/cart', 'shop/web'])).toBeUndefined()
  await pass(sql, 90 * 24 * 3_600_000)
  expect(await takeTargets(sql, one, ['shop/cart'])).toBeUndefined()
  expect(await takeTargets(sql, two, ['shop/web'])).toBe(one)
  expect(await targetsInTheWay(sql, two, ['shop/other', 'shop/cart'])).toBe(one)
  expect(await targetsInTheWay(sql, one, ['shop/cart'])).toBeUndefined()
})

test('where one of its targets is another’s, an incident takes none of them, and keeps what it had', async () => {
  const [one, two, three] = [await seedIncident(sql), await seedIncident(sql), await seedIncident(sql)]
  await takeTargets(sql, one, ['part/b'])
  await takeTargets(sql, two, ['part/c'])
  expect(await takeTargets(sql, two, ['part/a', 'part/b', 'part/c'])).toBe(one)
  expect(await targetsInTheWay(sql, three, ['part/a'])).toBeUndefined()
  expect(await targetsInTheWay(sql, three, ['part/c'])).toBe(two)
})

test('freed targets name the incidents that waited for them, once', async () => {
  const [one, two] = [await seedIncident(sql), await seedIncident(sql)]
  await takeTargets(sql, one, ['media/radarr'])
  await sql`update incidents set waits_for = ${one} where id = ${two}`
  expect(await freeTargets(sql, one)).toEqual([two])
  expect(await freeTargets(sql, one)).toEqual([])
  expect(await takeTargets(sql, two, ['media/radarr'])).toBeUndefined()
})

test('two plans that want the same targets in another order: one gets them, and neither waits for ever', async () => {
  for (let race = 0; race < 20; race++) {
    const [one, two] = [await seedIncident(sql), await seedIncident(sql)]
    const [a, b] = [`race-${race}/a`, `race-${race}/b`]
    const took = await Promise.all([
      sql.begin((tx) => takeTargets(tx, one, [a, b])),
      sql.begin((tx) => takeTargets(tx, two, [b, a])),
    ])
    expect(took.filter((other) => other === undefined)).toHaveLength(1)
  }
})

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
