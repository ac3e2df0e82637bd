import { afterAll, beforeEach, expect, test } from 'vitest'
import { takeLease, takeTargets } from '../../src/incidents/leases.ts'
import { happened, move } from '../../src/incidents/move.ts'
import { clearTimers, setTimer, setTimerAt, sweep, wake } from '../../src/incidents/wake.ts'
import { pass, recordingQueue, seedIncident } from '../approvals/seed.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
const { sql } = db
afterAll(db.close)

let queue = recordingQueue()
beforeEach(() => {
  queue = recordingQueue()
})
const hinted = () => queue.jobs.flatMap(({ jobs }) => jobs.map(({ key }) => Number(key)))
const settled = async () => {
  const incident = await seedIncident(sql)
  await sql`update incidents set served = wants where id = ${incident}`
  return incident
}
const wants = async (incident: number) =>
  (await sql<{ wants: number }[]>`select wants - served as wants from incidents where id = ${incident}`)[0]?.wants

test('waking raises the wish and leaves a hint, in the caller’s transaction', async () => {
  const incident = await settled()
  const failing = sql.begin(async (tx) => {
    await wake(tx, queue, [incident])
    throw new Error('rolled back')
  })
  await expect(failing).rejects.toThrow('rolled back')
  expect(await wants(incident)).toBe(0)
  await sql.begin((tx) => wake(tx, queue, [incident]))
  expect(await wants(incident)).toBe(1)
})

test('a timer that is due wakes its incident once, and is gone', async () => {
  const [due, later] = [await settled(), await settled()]
  await setTimer(sql, due, 'verify', 1_000)
  await setTimer(sql, later, 'verify', 60_000)
  await sweep(sql, queue)
  expect(hinted()).not.toContain(due)
  await pass(sql, 1_001)
  await sweep(sql, queue)
  expect(hinted()).toContain(due)
  expect(hinted()).not.toContain(later)
  expect(await wants(due)).toBe(1)
  expect(await sql`select 1 from timers where incident_id = ${due}`).toHaveLength(0)
})

test('two sweepers at once wake an incident once', async () => {
  const incident = await settled()
  await setTimer(sql, incident, 'snooze', 0)
  await Promise.all([sweep(sql, queue), sweep(sql, queue), sweep(sql, queue)])
  expect(await wants(incident)).toBe(1)
})

test('one timer of a kind: a new time replaces the old, and clearing takes only what is named', async () => {
  const incident = await settled()
  await setTimer(sql, incident, 'expiry', 1)
  await setTimerAt(sql, incident, 'expiry', new Date('2100-01-01T00:00:00Z'))
  await setTimer(sql, incident, 'effect', 60_000)
  await clearTimers(sql, incident, ['effect', 'verify'])
  const rows = await sql`select kind, due_at from timers where incident_id = ${incident}`
  expect(rows).toEqual([{ kind: 'expiry', due_at: new Date('2100-01-01T00:00:00Z') }])
})

test('a wish whose hint was lost is hinted again, but not while somebody is at work on it', async () => {
  const [lost, busy] = [await seedIncident(sql), await seedIncident(sql)]
  await takeLease(sql, `incident:${busy}`, 'worker', 8_000)
  await sweep(sql, queue)
  expect(hinted()).toContain(lost)
  expect(hinted()).not.toContain(busy)
  await pass(sql, 8_001)
  await sweep(sql, queue)
  expect(hinted()).toContain(busy)
})

test('a worker that sets a timer while the sweeper takes it: neither waits for the other in a circle', async () => {
  for (let race = 0; race < 5; race++) {
    const incident = await settled()
    await setTimer(sql, incident, 'verify', 0)
    const started = performance.now()
    const worker = sql.begin(async (tx) => {
      await tx`select 1 from incidents where id = ${incident} for update`
      await tx`select pg_sleep(0.05)`
      await setTimer(tx, incident, 'verify', 60_000)
    })
    const outcomes = await Promise.allSettled([worker, sweep(sql, queue)])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
    expect(performance.now() - started).toBeLessThan(900)
  }
})

test('the clock is never below what a sweep has seen', async () => {
  await pass(sql, 7_200_000)
  await sweep(sql, queue)
  const before = await now()
  await pass(sql, -7_200_000)
  expect((await now()).getTime()).toBeGreaterThanOrEqual(before.getTime() - 1_000)
  await sql`update clock set high_water = '-infinity'`
})

test('an incident moves along named transitions alone, and a move made twice is written once', async () => {
  const incident = await seedIncident(sql)
  const started = {
    incident,
    round: 1,
    name: 'action started',
    actor: 'agent',
    to: 'running',
    key: 'started:1',
  } as const
  await move(sql, started)
  await move(sql, started)
  expect(await sql`select from_status, to_status from incident_events where incident_id = ${incident}`).toEqual([
    { from_status: 'open', to_status: 'running' },
  ])
  const asleep = move(sql, { ...started, name: 'incident snoozed', to: 'snoozed', key: 'quiet:1' })
  await expect(asleep).rejects.toThrow(/cannot go from running to snoozed/)
})

test('what happened once is told once', async () => {
  const incident = await seedIncident(sql)
  const happening = { incident, round: 1, name: 'answer lost', actor: 'agent', key: 'lost:1' }
  await Promise.all([happened(sql, happening), happened(sql, happening)])
  await happened(sql, { ...happening, key: 'lost:2' })
  expect(await sql`select 1 from incident_events where incident_id = ${incident}`).toHaveLength(2)
})

async function now(): Promise<Date> {
  const [row] = await sql<{ now: Date }[]>`select watch_now() as now`
  if (!row) throw new Error('no time')
  return row.now
}

test('an incident that waits for one without any target is woken once; one whose target is held goes on waiting', async () => {
  const [over, busy, late, patient] = [await settled(), await settled(), await settled(), await settled()]
  await takeTargets(sql, busy, [`talos-main/deployment/media/${busy}`])
  await sql`update incidents set waits_for = ${over} where id = ${late}`
  await sql`update incidents set waits_for = ${busy} where id = ${patient}`
  await sweep(sql, queue)
  await sweep(sql, queue)
  expect(hinted()).toContain(late)
  expect(hinted()).not.toContain(patient)
  expect(await wants(late)).toBe(1)
  const rows = await sql`select id, waits_for from incidents where id in (${late}, ${patient}) order by id`
  expect(rows.map((row) => row.waits_for)).toEqual([null, busy])
})
