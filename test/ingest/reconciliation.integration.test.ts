import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { firingAlerts } from '../../src/incidents/alert-rows.ts'
import { alertmanagerApi } from '../../src/ingest/alertmanager-api.ts'
import { postgresIntake } from '../../src/ingest/postgres-intake.ts'
import { postgresStanding } from '../../src/ingest/postgres-standing.ts'
import { type ReconcilerOptions, reconciler } from '../../src/ingest/reconciliation.ts'
import { startAlertmanager } from '../simulators/alertmanager/server.ts'
import { testDatabase } from '../support/postgres.ts'
import { clearIntake } from './clear.ts'
import { fakeAlertmanager } from './fake-alertmanager.ts'
import { at, firing, resolved } from './reports.ts'

const database = await testDatabase()
const { sql } = database
const alertmanager = await fakeAlertmanager()
const intake = postgresIntake(sql, { cluster: 'home', deadlineMs: 20_000 })
const running = new AbortController()
afterAll(async () => {
  running.abort()
  await alertmanager.stop()
  await database.close()
})
beforeEach(async () => {
  await clearIntake(sql)
  await sql`update clock set test_offset = '0'`
  alertmanager.holds()
  alertmanager.calls.length = 0
})

const stops: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop()
})

function reconcile(options: Partial<ReconcilerOptions> = {}, receiver: string | undefined = 'watchkeeper') {
  return reconciler({
    api: alertmanagerApi({ url: `${alertmanager.url}/`, receiver, authorization: 'Bearer am', timeoutMs: 5_000 }),
    intake,
    standing: postgresStanding(sql),
    receiver,
    ...options,
  })
}

function start(poller: ReturnType<typeof reconcile>) {
  const stopping = new AbortController()
  const polling = poller.start(stopping.signal)
  stops.push(async () => {
    stopping.abort()
    await polling
  })
}

async function pass(minutes: number) {
  await sql`update clock set test_offset = test_offset + make_interval(mins => ${minutes})`
}

async function now(): Promise<number> {
  return (await postgresStanding(sql).now()).getTime()
}

async function status(report = firing()) {
  const [row] = await sql`
    select status, contradicted, incident_id, ends_at from alerts
    where fingerprint = ${report.fingerprint} and starts_at = ${report.startsAt}`
  return row
}

test('an alert that no webhook brought becomes an incident, as if one had', async () => {
  alertmanager.holds({ report: firing() })
  expect(await reconcile().pollOnce()).toEqual({ active: 1, ended: 0 })
  expect(await status()).toMatchObject({ status: 'firing', incident_id: 1, contradicted: false })
  expect(await sql`select via from alert_states`).toEqual([{ via: 'poll' }])
  expect(await sql`select receiver from alerts`).toEqual([{ receiver: 'watchkeeper' }])
})

test('a poll that finds an alert firing keeps on record when that was', async () => {
  const seenAt = async () => (await sql<{ at: Date }[]>`select last_seen_at as at from alerts`)[0]?.at.getTime() ?? 0
  await intake.take([firing()], 'webhook')
  const before = await seenAt()
  alertmanager.holds({ report: firing() })
  await reconcile().pollOnce()
  expect(await seenAt()).toBeGreaterThan(before)
  expect(await status()).toMatchObject({ status: 'firing', contradicted: false })
})

test('the poll asks for active alerts of our receiver that are neither silenced nor inhibited', async () => {
  await reconcile().pollOnce()
  expect(alertmanager.calls).toHaveLength(1)
  const { path, query, authorization } = alertmanager.calls[0] ?? {}
  expect(path).toBe('/api/v2/alerts')
  expect(Object.fromEntries(query ?? [])).toEqual({
    active: 'true',
    silenced: 'false',
    inhibited: 'false',
    receiver: 'watchkeeper',
  })
  expect(authorization).toBe('Bearer am')
})

test('a receiver whose name cannot be stored costs no alert', async () => {
  alertmanager.holds({ report: firing(), receiver: 'a\0b' })
  await reconcile({ api: alertmanagerApi({ url: alertmanager.url }) }, '').pollOnce()
  expect(await sql`select receiver, marks from alerts`).toEqual([{ receiver: 'a\uFFFDb', marks: [] }])
})

test('polling again changes nothing', async () => {
  alertmanager.holds({ report: firing() })
  const poller = reconcile()
  await poller.pollOnce()
  await poller.pollOnce()
  expect(await sql`select received, wants from alerts join incidents on incidents.id = incident_id`).toEqual([
    { received: 1, wants: 1 },
  ])
})

test('a silenced alert never comes back as a card, nor does one not yet held against the silences', async () => {
  alertmanager.holds(
    { report: firing(), state: 'suppressed' },
    { report: firing({ name: 'Fresh' }), state: 'unprocessed' },
  )
  await reconcile().pollOnce()
  expect(await sql`select 1 from alerts`).toEqual([])
})

/** An alert that a webhook brought and that Alertmanager has listed, for a receiver whose poll is returned. */
async function listed(report = firing()) {
  await intake.take([report], 'webhook')
  alertmanager.holds({ report })
  const poller = reconcile()
  await poller.pollOnce()
  alertmanager.holds()
  return poller
}

test('an alert that Alertmanager listed is over when polls of five minutes have not found it', async () => {
  const poller = await listed()
  for (const minutes of [0, 2, 2]) {
    await pass(minutes)
    expect(await poller.pollOnce()).toEqual({ active: 0, ended: 0 })
  }
  expect(await status()).toMatchObject({ status: 'firing' })
  await pass(1)
  expect(await poller.pollOnce()).toEqual({ active: 0, ended: 1 })
  expect(await status()).toMatchObject({ status: 'resolved', incident_id: 1 })
  expect(await sql`select wants from incidents`).toEqual([{ wants: 2 }])
  expect(poller.state()).toMatchObject({ polls: 5, failures: 0, ended: 1 })
})

test('the end of an alert that polls have missed is the first of these polls', async () => {
  const poller = await listed()
  const missedFrom = await now()
  await poller.pollOnce()
  const until = await now()
  await pass(5)
  await poller.pollOnce()
  const end = (await status())?.ends_at.getTime()
  expect(end).toBeGreaterThanOrEqual(missedFrom)
  expect(end).toBeLessThanOrEqual(until)
})

test('a verification is told which alerts polls find, and of the end that they found', async () => {
  await intake.take([firing()], 'webhook')
  expect(await firingAlerts(sql, 1)).toMatchObject({ firing: 1, listed: false })
  const poller = await listed()
  expect(await firingAlerts(sql, 1)).toMatchObject({ firing: 1, listed: true })
  await poller.pollOnce()
  const until = await now()
  await pass(5)
  await poller.pollOnce()
  const { clearedAt } = await firingAlerts(sql, 1)
  expect(clearedAt?.getTime()).toBeLessThanOrEqual(until)
})

test('that an alert was listed is known to the next process as well', async () => {
  await listed()
  const poller = reconcile()
  await poller.pollOnce()
  await pass(5)
  expect(await poller.pollOnce()).toEqual({ active: 0, ended: 1 })
})

test('an alert that Alertmanager never listed is another one’s: its absence does not end it', async () => {
  await intake.take([firing()], 'webhook')
  const poller = reconcile()
  for (const minutes of [0, 5, 60]) {
    await pass(minutes)
    expect(await poller.pollOnce()).toEqual({ active: 0, ended: 0 })
  }
  expect(await status()).toMatchObject({ status: 'firing' })
})

test('an alert that is listed with an earlier start is there, and its end is told of that start', async () => {
  await intake.take([firing({ starts: 3 })], 'webhook')
  alertmanager.holds({ report: firing({ starts: 0 }) })
  const poller = reconcile()
  for (const minutes of [0, 5, 5]) {
    await pass(minutes)
    expect(await poller.pollOnce()).toEqual({ active: 1, ended: 0 })
  }
  expect(await status(firing({ starts: 3 }))).toMatchObject({ status: 'firing', incident_id: 1 })
  expect(await sql`select wants from incidents`).toEqual([{ wants: 1 }])
  await intake.take([resolved(60, { starts: 0 })], 'webhook')
  expect(await sql`select 1 from alerts where status = 'firing'`).toEqual([])
})

test('a webhook that tells of an absent alert begins its absence anew', async () => {
  const poller = await listed()
  await poller.pollOnce()
  await pass(4)
  await intake.take([firing()], 'webhook')
  await pass(4)
  await poller.pollOnce()
  expect(await status()).toMatchObject({ status: 'firing' })
  await pass(1)
  expect(await poller.pollOnce()).toEqual({ active: 0, ended: 1 })
})

test('Alertmanager restarts: what it has forgotten, and hears of again with another start, fires all the while', async () => {
  const real = await startAlertmanager()
  stops.push(real.stop)
  const poller = reconcile({ api: alertmanagerApi({ url: real.url, receiver: 'watchkeeper' }) })
  const { labels, startsAt } = firing()
  real.fire(labels, {}, { startsAt: startsAt.toISOString() })
  await poller.pollOnce()
  for (const startsAt of [at(3), at(0)]) {
    real.restart()
    for (const minutes of [0, 1, 1]) {
      await pass(minutes)
      expect(await poller.pollOnce()).toEqual({ active: 0, ended: 0 })
    }
    real.fire(labels, {}, { startsAt: startsAt.toISOString() })
    await pass(5)
    expect(await poller.pollOnce()).toEqual({ active: 1, ended: 0 })
  }
  expect(await sql`select count(*) from alerts where status = 'firing'`).toEqual([{ count: 1 }])
  expect(await sql`select id, status from incidents`).toEqual([{ id: 1, status: 'open' }])
  expect(await sql`select distinct status from alert_states where via <> 'superseded'`).toEqual([{ status: 'firing' }])
})

test('absent, there again, absent: it is not over', async () => {
  const poller = await listed()
  await poller.pollOnce()
  await pass(5)
  alertmanager.holds({ report: firing() })
  await poller.pollOnce()
  alertmanager.holds()
  await poller.pollOnce()
  expect(await status()).toMatchObject({ status: 'firing' })
})

test('a poll that fails does not count as absence, and what was absent before it is looked at anew', async () => {
  const poller = await listed()
  await poller.pollOnce()
  await pass(5)
  alertmanager.answers((response) => response.writeHead(500).end())
  await expect(poller.pollOnce()).rejects.toMatchObject({ name: 'UpstreamError', status: 500, retryable: true })
  await expect(poller.pollOnce()).rejects.toMatchObject({ status: 500 })
  alertmanager.holds()
  await poller.pollOnce()
  expect(await status()).toMatchObject({ status: 'firing' })
  expect(poller.state()).toMatchObject({ polls: 5, failures: 2, failing: 0 })
})

test('silencing an alert does not end it; where it is gone while it is silenced it is over as every other', async () => {
  await intake.take([firing()], 'webhook')
  alertmanager.holds({ report: firing(), state: 'suppressed' })
  const poller = reconcile()
  for (const minutes of [0, 5, 5]) {
    await pass(minutes)
    expect(await poller.pollOnce()).toEqual({ active: 0, ended: 0 })
  }
  expect(await status()).toMatchObject({ status: 'firing' })
  alertmanager.holds()
  await poller.pollOnce()
  await pass(5)
  expect(await poller.pollOnce()).toEqual({ active: 0, ended: 1 })
})

test('alerts of another receiver are left alone', async () => {
  const report = firing({ receiver: 'pager' })
  alertmanager.holds({ report, receiver: 'pager' })
  await reconcile({ api: alertmanagerApi({ url: alertmanager.url }) }, '').pollOnce()
  alertmanager.holds()
  const poller = reconcile()
  for (const minutes of [0, 5, 5]) {
    await pass(minutes)
    await poller.pollOnce()
  }
  expect(await status()).toMatchObject({ status: 'firing' })
})

test('what a webhook says while the poll is under way counts more than the poll', async () => {
  const poller = await listed()
  await poller.pollOnce()
  await pass(5)
  alertmanager.answers((response) => {
    intake.take([firing()], 'webhook').then(() => response.setHeader('content-type', 'application/json').end('[]'))
  })
  await poller.pollOnce()
  expect(await status()).toMatchObject({ status: 'firing' })
})

test('a contradiction is settled by the first poll: over, with the end that was known', async () => {
  await intake.take([firing(), resolved(60), firing()], 'webhook')
  expect(await status()).toMatchObject({ status: 'firing', contradicted: true })
  await reconcile().pollOnce()
  expect(await status()).toMatchObject({ status: 'resolved', contradicted: false, ends_at: at(60) })
})

test('a contradiction is settled by the first poll: it fires', async () => {
  await intake.take([firing(), resolved(60), firing()], 'webhook')
  alertmanager.holds({ report: firing() })
  await reconcile().pollOnce()
  expect(await status()).toMatchObject({ status: 'firing', contradicted: false })
})

test('a contradiction asks for a poll at once, and the poll settles it', async () => {
  const poller = reconcile({ intervalMs: 3_600_000 })
  const asking = postgresIntake(sql, { cluster: 'home', deadlineMs: 20_000 }, { onContradiction: () => poller.wake() })
  start(poller)
  await expect.poll(() => poller.state().polls).toBe(1)
  await asking.take([firing(), resolved(60)], 'webhook')
  await asking.take([firing()], 'webhook')
  await expect.poll(async () => (await status())?.status, { timeout: 10_000 }).toBe('resolved')
})

test('while Alertmanager is away the poll keeps trying, and tells', async () => {
  const failures: unknown[] = []
  alertmanager.answers((response) => response.destroy())
  const poller = reconcile({ intervalMs: 20, onFailure: (error) => failures.push(error) })
  start(poller)
  await expect.poll(() => failures.length).toBeGreaterThan(2)
  alertmanager.holds({ report: firing() })
  await expect.poll(() => status()).toMatchObject({ status: 'firing' })
  expect(failures[0]).toMatchObject({ vendor: 'Alertmanager', retryable: true })
})

const bad: [what: string, how: Parameters<typeof alertmanager.answers>[0], error: object][] = [
  [
    'a redirect',
    (response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
    { status: 302, retryable: false },
  ],
  ['a refusal', (response) => response.writeHead(401).end(), { status: 401, retryable: false }],
  ['no JSON', (response) => response.end('<html>'), { message: expect.stringContaining('not JSON') }],
  ['no list', (response) => response.end('{"alerts":[]}'), { message: expect.stringContaining('not a list') }],
  [
    'another shape',
    (response) => response.end('[{"labels":{}}]'),
    { message: expect.stringContaining('another shape') },
  ],
  [
    'too much',
    (response) => response.end(`[${' '.repeat(70_000)}]`),
    { message: expect.stringContaining('larger than') },
  ],
]

test.each(bad)('of %s the poll makes an error that says so, and ends no alert', async (_what, how, error) => {
  await intake.take([firing()], 'webhook')
  const api = alertmanagerApi({ url: alertmanager.url, maxBytes: 65_536, timeoutMs: 5_000 })
  const poller = reconcile({ api })
  alertmanager.answers(how)
  for (let n = 0; n < 2; n++) await expect(poller.pollOnce()).rejects.toMatchObject({ name: 'UpstreamError', ...error })
  expect(await status()).toMatchObject({ status: 'firing' })
})

test('an Alertmanager that never answers is given up after a while', async () => {
  alertmanager.answers(() => {})
  const api = alertmanagerApi({ url: alertmanager.url, timeoutMs: 50 })
  await expect(api.active()).rejects.toMatchObject({
    message: 'Alertmanager did not answer within 50 ms.',
    retryable: true,
  })
})
