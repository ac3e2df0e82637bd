import { afterAll, beforeEach, expect, test } from 'vitest'
import { type IntakeEvents, type IntakeOptions, postgresIntake } from '../../src/ingest/postgres-intake.ts'
import { testDatabase } from '../support/postgres.ts'
import { clearIntake } from './clear.ts'
import { at, firing, resolved } from './reports.ts'

const database = await testDatabase()
const { sql } = database
afterAll(database.close)
beforeEach(() => clearIntake(sql))

const cluster = 'talos-main'

function intakeWith(events: IntakeEvents = {}, options: Partial<IntakeOptions> = {}) {
  return postgresIntake(sql, { cluster, deadlineMs: 20_000, ...options }, events)
}

function incidents() {
  return sql`select id, status, outcome, severity, round, wants, alert_version, closed_at from incidents order by id`
}

function alerts() {
  return sql`select fingerprint, starts_at, status, ends_at, incident_id, contradicted, received, marks
             from alerts order by fingerprint, starts_at`
}

function states() {
  return sql`select a.fingerprint, s.status, s.at, s.via from alert_states s join alerts a on a.id = s.alert_id
             order by a.fingerprint, s.received_at, s.at, s.status`
}

async function close(incident: number, minutesAgo: number) {
  await sql`update incidents set status = 'closed', outcome = 'self_resolved',
            closed_at = watch_now() - make_interval(mins => ${minutesAgo}) where id = ${incident}`
}

test('a new alert becomes an incident with its first event, and its subject is read off its labels', async () => {
  const moved: (readonly number[])[] = []
  const intake = intakeWith({
    async moved(_tx, ids) {
      moved.push(ids)
    },
  })
  expect(await intake.take([firing()], 'webhook')).toEqual({ alerts: 1, incidents: [1] })
  const [incident] = await sql`select * from incidents`
  expect(incident).toMatchObject({
    status: 'open',
    alertname: 'KubePodCrashLooping',
    cluster,
    namespace: 'shop',
    workload: 'cart',
    severity: 'warning',
    labels: firing().labels,
    annotations: firing().annotations,
    wants: 1,
    served: 0,
  })
  expect(await sql`select name, actor, to_status, round from incident_events`).toEqual([
    { name: 'received', actor: 'alertmanager', to_status: 'open', round: 1 },
  ])
  expect(await states()).toMatchObject([{ status: 'firing', at: at(0), via: 'webhook' }])
  expect(await sql`select receiver from alerts`).toEqual([{ receiver: 'watchkeeper' }])
  expect(moved).toEqual([[1]])
})

test('pods of one workload are one incident, and the worst severity among them is its own', async () => {
  const intake = intakeWith()
  await intake.take([firing({ pod: 'cart-7d9f8b6c5d-x2x4z' })], 'webhook')
  const taken = await intake.take([firing({ pod: 'cart-7d9f8b6c5d-b7k9p', severity: 'critical' })], 'webhook')
  expect(taken).toEqual({ alerts: 1, incidents: [1] })
  expect(await incidents()).toMatchObject([{ id: 1, severity: 'critical', wants: 2, alert_version: 2 }])
})

test('incidents that became critical are told apart: begun so, raised to it, opened again, each once', async () => {
  const told: (readonly number[])[] = []
  const intake = intakeWith({
    async moved(_tx, _moved, alarming) {
      told.push(alarming)
    },
  })
  await intake.take([firing({ name: 'Other', severity: 'critical' }), firing()], 'webhook')
  await intake.take([firing({ pod: 'cart-7d9f8b6c5d-b7k9p', severity: 'critical' })], 'webhook')
  await intake.take([firing({ pod: 'cart-7d9f8b6c5d-c8m2q', severity: 'critical' })], 'webhook')
  await intake.take([resolved(60, { name: 'Other', severity: 'critical' })], 'webhook')
  await close(1, 1)
  await intake.take([firing({ name: 'Other', severity: 'critical' })], 'webhook')
  expect(told).toEqual([[1], [2], [], [], [1]])
  // What was critical in it has ended as well, and only the warning comes back: it is news for nobody's phone until more does.
  await intake.take([resolved(60), resolved(60, { pod: 'cart-7d9f8b6c5d-b7k9p', severity: 'critical' })], 'webhook')
  await intake.take([resolved(60, { pod: 'cart-7d9f8b6c5d-c8m2q', severity: 'critical' })], 'webhook')
  await close(2, 1)
  told.length = 0
  await intake.take([firing()], 'webhook')
  await intake.take([firing({ pod: 'cart-7d9f8b6c5d-b7k9p', severity: 'critical' })], 'webhook')
  await intake.take([firing({ pod: 'cart-7d9f8b6c5d-c8m2q', severity: 'critical' })], 'webhook')
  expect(told).toEqual([[], [2], []])
  expect(await incidents()).toMatchObject([{ id: 1 }, { id: 2, severity: 'critical' }])
})

test('a repeat only counts', async () => {
  const moved: (readonly number[])[] = []
  const intake = intakeWith({
    async moved(_tx, ids) {
      moved.push(ids)
    },
  })
  await intake.take([firing()], 'webhook')
  await intake.take([firing(), firing()], 'webhook')
  expect(await alerts()).toMatchObject([{ received: 3, status: 'firing' }])
  expect(await states()).toHaveLength(1)
  expect(await incidents()).toMatchObject([{ wants: 1, alert_version: 1 }])
  expect(moved).toHaveLength(1)
})

test('a resolve ends the alert once; the incident is told and stays for the graph to close', async () => {
  const intake = intakeWith()
  await intake.take([firing()], 'webhook')
  await intake.take([resolved(60)], 'webhook')
  await intake.take([resolved(60)], 'webhook')
  expect(await alerts()).toMatchObject([{ status: 'resolved', ends_at: at(60), received: 3 }])
  expect(await states()).toHaveLength(2)
  expect(await incidents()).toMatchObject([{ status: 'open', closed_at: null, wants: 2, alert_version: 2 }])
})

test('a later end of an ended alert is kept, an earlier one is not', async () => {
  const intake = intakeWith()
  await intake.take([firing(), resolved(60), resolved(90), resolved(30)], 'webhook')
  expect(await alerts()).toMatchObject([{ status: 'resolved', ends_at: at(90), received: 4 }])
})

test('a resolve of an alert never seen is stored and is nobody’s incident', async () => {
  const intake = intakeWith()
  expect(await intake.take([resolved(60)], 'webhook')).toEqual({ alerts: 1, incidents: [] })
  expect(await alerts()).toMatchObject([{ status: 'resolved', incident_id: null }])
  expect(await incidents()).toEqual([])
})

test('a newer start ends the older alert of the same series', async () => {
  const intake = intakeWith()
  await intake.take([firing({ starts: 0 })], 'webhook')
  await intake.take([firing({ starts: 100 })], 'webhook')
  expect(await alerts()).toMatchObject([
    { starts_at: at(0), status: 'resolved', ends_at: at(100), incident_id: 1 },
    { starts_at: at(100), status: 'firing', incident_id: 1 },
  ])
  expect((await states()).map(({ via, status }) => `${via} ${status}`).sort()).toEqual([
    'superseded resolved',
    'webhook firing',
    'webhook firing',
  ])
})

test('an older start that arrives after the newer one ended is over already, and moves nothing', async () => {
  const intake = intakeWith()
  await intake.take([firing({ starts: 100 }), resolved(150, { starts: 100 })], 'webhook')
  await intake.take([firing({ starts: 0 })], 'webhook')
  await intake.take([firing({ starts: 0 })], 'webhook')
  expect(await alerts()).toMatchObject([
    { starts_at: at(0), status: 'resolved', ends_at: at(100), incident_id: null, received: 2 },
    { starts_at: at(100), status: 'resolved', incident_id: 1 },
  ])
  expect(await incidents()).toMatchObject([{ wants: 1 }])
})

test('a start that moves back while the alert fires is the same alert, and its end is told of that start', async () => {
  const intake = intakeWith()
  await intake.take([firing({ starts: 3 })], 'webhook')
  expect(await intake.take([firing({ starts: 0 })], 'webhook')).toEqual({ alerts: 1, incidents: [1] })
  expect(await alerts()).toMatchObject([{ starts_at: at(3), status: 'firing', incident_id: 1, received: 2 }])
  expect(await incidents()).toMatchObject([{ wants: 1 }])
  await intake.take([resolved(60, { starts: 0 })], 'webhook')
  expect(await alerts()).toMatchObject([{ starts_at: at(3), status: 'resolved', ends_at: at(60), received: 3 }])
  expect(await incidents()).toMatchObject([{ wants: 2 }])
})

test('an earlier start that a poll says is firing fires the newest alert of its series again', async () => {
  const intake = intakeWith()
  await intake.take([firing({ starts: 3 }), resolved(60, { starts: 3 })], 'webhook')
  await intake.take([firing({ starts: 0 })], 'poll')
  expect(await alerts()).toMatchObject([{ starts_at: at(3), status: 'firing', incident_id: 1, contradicted: false }])
})

test('a start within a time that is over contradicts its end, as the same start does', async () => {
  let asked = 0
  const intake = intakeWith({ onContradiction: () => asked++ })
  await intake.take([firing({ starts: 0 }), resolved(60, { starts: 0 })], 'webhook')
  await intake.take([firing({ starts: 3 })], 'webhook')
  expect(await alerts()).toMatchObject([
    { starts_at: at(0), status: 'resolved', ends_at: at(60) },
    { starts_at: at(3), status: 'firing', contradicted: true, ends_at: at(60), incident_id: 1 },
  ])
  expect(asked).toBe(1)
})

test('firing after a resolve of the same start contradicts it: firing wins until a poll settles it', async () => {
  let asked = 0
  const intake = intakeWith({ onContradiction: () => asked++ })
  await intake.take([firing(), resolved(60)], 'webhook')
  await intake.take([firing()], 'webhook')
  expect(await alerts()).toMatchObject([{ status: 'firing', contradicted: true, ends_at: at(60), incident_id: 1 }])
  await intake.take([resolved(60)], 'webhook')
  expect(await alerts()).toMatchObject([{ status: 'firing', contradicted: true }])
  expect(asked).toBe(1)
  await intake.take([firing()], 'poll')
  expect(await alerts()).toMatchObject([{ status: 'firing', contradicted: false }])
  await intake.take([resolved(70)], 'webhook')
  expect(await alerts()).toMatchObject([{ status: 'resolved', contradicted: false, ends_at: at(70) }])
})

test('a poll that says a contradicted alert is over brings back the end that was known', async () => {
  const intake = intakeWith()
  await intake.take([firing(), resolved(60), firing()], 'webhook')
  await intake.take([resolved(60)], 'poll')
  expect(await alerts()).toMatchObject([{ status: 'resolved', contradicted: false, ends_at: at(60) }])
})

test('a poll that is older than what a webhook said since changes nothing', async () => {
  const intake = intakeWith()
  const [before] = await sql<{ now: Date }[]>`select watch_now() as now`
  await intake.take([firing()], 'webhook')
  await intake.take([{ ...resolved(60), asOf: before?.now ?? at(0) }], 'poll')
  expect(await alerts()).toMatchObject([{ status: 'firing', received: 1 }])
})

test('the same alert firing again soon after its incident closed opens that incident again', async () => {
  const intake = intakeWith()
  await intake.take([firing(), resolved(60)], 'webhook')
  await close(1, 29)
  expect(await intake.take([firing()], 'webhook')).toEqual({ alerts: 1, incidents: [1] })
  expect(await incidents()).toMatchObject([
    { id: 1, status: 'open', outcome: null, closed_at: null, round: 2, wants: 2, alert_version: 2 },
  ])
  expect(await sql`select name, from_status, to_status, round from incident_events order by id desc limit 1`).toEqual([
    { name: 'reopened', from_status: 'closed', to_status: 'open', round: 2 },
  ])
})

test('the same alert firing again long afterwards is a new incident, which takes it over', async () => {
  const intake = intakeWith()
  await intake.take([firing(), resolved(60)], 'webhook')
  await close(1, 31)
  expect(await intake.take([firing()], 'webhook')).toEqual({ alerts: 1, incidents: [2] })
  expect(await incidents()).toMatchObject([
    { id: 1, status: 'closed', round: 1 },
    { id: 2, status: 'open' },
  ])
  expect(await alerts()).toMatchObject([{ incident_id: 2, contradicted: true }])
})

test('an alert that fires again joins the incident that is open for its workload by now', async () => {
  const intake = intakeWith()
  await intake.take([firing(), resolved(60)], 'webhook')
  await close(1, 1)
  await intake.take([firing({ pod: 'cart-7d9f8b6c5d-b7k9p', starts: 70 })], 'webhook')
  expect(await intake.take([firing()], 'webhook')).toEqual({ alerts: 1, incidents: [2] })
  expect(await incidents()).toMatchObject([
    { id: 1, status: 'closed' },
    { id: 2, status: 'open', wants: 2 },
  ])
})

test('Watchdog beats for the dead-man’s switch and InfoInhibitor is ignored; both are counted, neither is an incident', async () => {
  let beats = 0
  const intake = intakeWith({ onWatchdog: () => beats++ })
  const taken = await intake.take([firing({ name: 'Watchdog' }), firing({ name: 'InfoInhibitor' })], 'webhook')
  await intake.take([firing({ name: 'Watchdog' })], 'poll')
  expect(taken).toEqual({ alerts: 0, incidents: [] })
  expect(await alerts()).toEqual([])
  expect(await sql`select name from heartbeats`).toEqual([{ name: 'watchdog' }])
  expect(beats).toBe(1)
  expect(intake.counts()).toMatchObject({ watchdogs: 2, ignored: 1, reports: 0 })
})

test('F12: the same webhook 100 times from two replicas at once is one incident and one alert', async () => {
  const replicas = [intakeWith(), intakeWith()]
  const takes = Array.from({ length: 100 }, (_, n) => replicas[n % 2]?.take([firing()], 'webhook'))
  const takens = await Promise.all(takes)
  expect(new Set(takens.flatMap((taken) => taken?.incidents ?? []))).toEqual(new Set([1]))
  expect(await alerts()).toMatchObject([{ received: 100, status: 'firing' }])
  expect(await states()).toHaveLength(1)
  expect(await incidents()).toHaveLength(1)
})

test('two replicas with different pods of one workload, in opposite orders, make one incident each workload', async () => {
  const replicas = [intakeWith(), intakeWith()]
  const reports = Array.from({ length: 60 }, (_, n) =>
    firing({ name: `Alert${n % 6}`, pod: `cart-7d9f8b6c5d-x2x${n % 10 < 5 ? 'b' : 'c'}${'bcdfg'[n % 5]}` }),
  )
  await Promise.all([
    ...reports.map((report) => replicas[0]?.take([report], 'webhook')),
    ...reports.toReversed().map((report) => replicas[1]?.take([report], 'webhook')),
  ])
  expect(await incidents()).toHaveLength(6)
  const [row] = await sql`select sum(received) as received, count(distinct incident_id) as incidents from alerts`
  expect(row).toMatchObject({ incidents: 6 })
  expect(Number(row?.received)).toBe(120)
})

test('a report the database refuses is kept with its main labels and a mark; its group is stored as it came', async () => {
  const refused: unknown[] = []
  const intake = intakeWith({ onPoisoned: (error) => refused.push(error) })
  const poison = firing({ pod: 'cart-7d9f8b6c5d-b7k9p', labels: { note: 'a\0b' } })
  const bystander = intake.take([firing({ name: 'Other' })], 'webhook')
  await intake.take([firing(), poison], 'webhook')
  await bystander
  expect(await alerts()).toMatchObject(
    [
      { fingerprint: firing().fingerprint, marks: [] },
      { fingerprint: poison.fingerprint, marks: [expect.stringContaining('could not be stored')] },
      { fingerprint: firing({ name: 'Other' }).fingerprint, marks: [] },
    ].sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1)),
  )
  expect(refused).toHaveLength(1)
  expect(intake.counts().poisoned).toBe(1)
})

test('a report whose receiver the database refuses is kept too', async () => {
  const intake = intakeWith()
  expect(await intake.take([firing({ receiver: 'a\0b' })], 'webhook')).toEqual({ alerts: 1, incidents: [1] })
  expect(await sql`select receiver from alerts`).toEqual([{ receiver: 'a?b' }])
})

test('what the caller of `moved` writes is committed with the alerts, or nothing is', async () => {
  const intake = intakeWith({
    async moved() {
      throw Object.assign(new Error('the queue is gone'), { code: '42P01' })
    },
  })
  await expect(intake.take([firing()], 'webhook')).rejects.toMatchObject({ name: 'UpstreamError', retryable: true })
  expect(await alerts()).toEqual([])
  expect(await incidents()).toEqual([])
})

test('thousands of alerts at once are stored in parts, and answered together', async () => {
  const intake = intakeWith()
  const reports = Array.from({ length: 1_200 }, (_, n) => firing({ pod: `cart-7d9f8b6c5d-${n}` }))
  const taken = await intake.take(reports, 'webhook')
  expect(taken.alerts).toBe(1_200)
  const [row] = await sql`select count(*) as stored from alerts`
  expect(row?.stored).toBe(1_200)
})
