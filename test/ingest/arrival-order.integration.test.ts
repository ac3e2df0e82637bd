import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import type { IncomingReport } from '../../src/ingest/intake.ts'
import { postgresIntake } from '../../src/ingest/postgres-intake.ts'
import { testDatabase } from '../support/postgres.ts'
import { clearIntake } from './clear.ts'
import { at, firing, resolved } from './reports.ts'

const database = await testDatabase()
const { sql } = database
afterAll(database.close)

/** One alert fired twice: from 0 to 50, and from 100 to 150, with a longer end told later. */
const story = [
  firing({ starts: 0 }),
  firing({ starts: 0 }),
  resolved(50, { starts: 0 }),
  firing({ starts: 100 }),
  firing({ starts: 100 }),
  resolved(140, { starts: 100 }),
  resolved(150, { starts: 100 }),
]

type Row = {
  starts_at: Date
  status: string
  ends_at: Date | null
  contradicted: boolean
  received: number
  incident_id: number | null
}

/** Splits an order into webhooks and sends each to one of two replicas, some at once. */
async function deliver(order: readonly IncomingReport[], cuts: readonly number[]) {
  const replicas = [
    postgresIntake(sql, { cluster: 'home', deadlineMs: 20_000 }),
    postgresIntake(sql, { cluster: 'home', deadlineMs: 20_000 }),
  ]
  const webhooks = cuts.map((cut, index) => order.slice(cuts[index - 1] ?? 0, cut))
  webhooks.push(order.slice(cuts.at(-1) ?? 0))
  for (let index = 0; index < webhooks.length; index += 2)
    await Promise.all([0, 1].map((side) => replicas[side]?.take(webhooks[index + side] ?? [], 'webhook')))
}

test('F12: in whatever order and from whichever replica the states arrive, the newest wins by its times', async () => {
  const orders = fc.shuffledSubarray(story, { minLength: story.length })
  const cuts = fc
    .uniqueArray(fc.integer({ min: 1, max: story.length - 1 }), { maxLength: 4 })
    .map((list) => list.sort((a, b) => a - b))
  await fc.assert(
    fc.asyncProperty(orders, cuts, async (order, where) => {
      await clearIntake(sql)
      await deliver(order, where)
      const rows = await sql<Row[]>`select * from alerts order by starts_at`
      const [older, newer] = rows
      expect(rows).toHaveLength(2)
      expect(rows.reduce((sum, { received }) => sum + received, 0)).toBe(story.length)
      // The earlier time is over, whatever was heard of it last.
      expect(older).toMatchObject({ starts_at: at(0), status: 'resolved', contradicted: false })
      expect([at(50), at(100)]).toContainEqual(older?.ends_at)
      // The later one is over too, or fires only because that was said after its end; the poll settles which.
      expect(newer?.starts_at).toEqual(at(100))
      if (newer?.status === 'firing') expect(newer.contradicted).toBe(true)
      else expect(newer).toMatchObject({ status: 'resolved', ends_at: at(150) })
      expect((await sql`select 1 from incidents`).length).toBeLessThanOrEqual(1)
      const states = await sql`select count(*) as count from alert_states`
      expect(Number(states[0]?.count)).toBeLessThanOrEqual(story.length + 1)
    }),
    { numRuns: 60 },
  )
})

test('F12: what was contradicted is the same for every order once a poll has spoken', async () => {
  const orders = fc.shuffledSubarray(story, { minLength: story.length })
  await fc.assert(
    fc.asyncProperty(orders, async (order) => {
      await clearIntake(sql)
      await deliver(order, [3])
      const intake = postgresIntake(sql, { cluster: 'home', deadlineMs: 20_000 })
      const standing = await sql<Row[]>`select * from alerts where status = 'firing'`
      for (const row of standing)
        await intake.take([{ ...resolved(0, { starts: 100 }), endsAt: row.ends_at ?? undefined }], 'poll')
      const rows = await sql<Row[]>`select * from alerts order by starts_at`
      expect(rows.map(({ status, contradicted }) => ({ status, contradicted }))).toEqual([
        { status: 'resolved', contradicted: false },
        { status: 'resolved', contradicted: false },
      ])
      expect(rows[1]?.ends_at).toEqual(at(150))
    }),
    { numRuns: 30 },
  )
})

/** One alert, told with the starts of two Prometheus replicas: Alertmanager heard the later one first, and ended it at 60. */
const overlapping = [
  firing({ starts: 3 }),
  firing({ starts: 3 }),
  firing({ starts: 0 }),
  firing({ starts: 0 }),
  resolved(60, { starts: 0 }),
]

const anyDelivery = fc.tuple(
  fc.shuffledSubarray(overlapping, { minLength: overlapping.length }),
  fc
    .uniqueArray(fc.integer({ min: 1, max: overlapping.length - 1 }), { maxLength: 3 })
    .map((list) => list.sort((a, b) => a - b)),
)

test('F12: where the starts of one alert overlap it fires once, and only against its end when that was told before', async () => {
  await fc.assert(
    fc.asyncProperty(anyDelivery, async ([order, cuts]) => {
      await clearIntake(sql)
      await deliver(order, cuts)
      const rows = await sql<Row[]>`select * from alerts order by starts_at desc`
      const [newest, ...older] = rows
      expect(rows.reduce((sum, { received }) => sum + received, 0)).toBe(overlapping.length)
      expect(older.every(({ status }) => status === 'resolved')).toBe(true)
      expect(newest).toMatchObject({ starts_at: at(3), ends_at: at(60) })
      if (newest?.status === 'firing') expect(newest.contradicted).toBe(true)
      expect((await sql`select 1 from incidents`).length).toBeLessThanOrEqual(1)
    }),
    { numRuns: 60 },
  )
})

test('F12: where the starts of one alert overlap a poll settles whether it fires, for every order', async () => {
  await fc.assert(
    fc.asyncProperty(anyDelivery, fc.boolean(), fc.constantFrom(0, 3), async ([order, cuts], fires, starts) => {
      await clearIntake(sql)
      await deliver(order, cuts)
      const intake = postgresIntake(sql, { cluster: 'home', deadlineMs: 20_000 })
      const standing = await sql<Row[]>`select * from alerts where status = 'firing'`
      if (fires) await intake.take([firing({ starts })], 'poll')
      else for (const row of standing) await intake.take([{ ...resolved(60), startsAt: row.starts_at }], 'poll')
      const rows = await sql<Row[]>`select * from alerts where status = 'firing'`
      expect(rows).toHaveLength(fires ? 1 : 0)
      if (fires) expect(rows).toMatchObject([{ starts_at: at(3), contradicted: false, incident_id: 1 }])
    }),
    { numRuns: 60 },
  )
})
