import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { leftOut } from '../../src/ingest/left-out.ts'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import { type Agent, agentWithin } from '../support/agent.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'
import { fakeAlertmanager } from './fake-alertmanager.ts'
import { fixture, webhookOf } from './fixtures.ts'
import { firing } from './reports.ts'

const TOKEN = 'left-out-webhook-token'

let db: TestDatabase
let folder: string
let telegram: SimulatedTelegram
let alertmanager: Awaited<ReturnType<typeof fakeAlertmanager>>
let lines: { msg: string; reason?: string; left?: number }[]
const agents: Agent[] = []

beforeEach(async () => {
  lines = []
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-left-out-'))
  ;[db, telegram, alertmanager] = await Promise.all([testDatabase(), startTelegram(), fakeAlertmanager()])
})
afterEach(async () => {
  for (const agent of agents.splice(0)) await agent.stop()
  await Promise.all([telegram.stop(), alertmanager.stop(), db.close()])
  await rm(folder, { recursive: true, force: true })
})

/** A replica: all of them share the database. */
async function replica(env: Record<string, string>): Promise<Agent> {
  const agent = await agentWithin({
    env: { DATABASE_URL: db.url, DATA_DIR: folder, PORT: '0', WEBHOOK_TOKEN: TOKEN, CONSOLE: 'off', ...env },
    log: pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) }),
    grantTtlMs: 500,
  })
  agents.push(agent)
  return agent
}

async function post(agent: Agent, body: Uint8Array): Promise<number> {
  const response = await fetch(`${agent.url}/webhooks/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    body: Buffer.from(body),
  })
  await response.arrayBuffer()
  return response.status
}

const tooLarge = () => webhookOf([{ annotations: { description: 'x'.repeat(2_000_000) } }])

async function polls(count: number): Promise<void> {
  await expect.poll(() => alertmanager.calls.length, { timeout: 10_000 }).toBe(count)
}

test('whichever replica takes a webhook that is not all of it, the one that polls asks for the rest at once', async () => {
  const env = { ALERTMANAGER_URL: alertmanager.url, ALERTMANAGER_POLL_SECONDS: '3600' }
  const replicas = [await replica(env), await replica(env)]
  await polls(1)
  for (const [at, agent] of replicas.entries()) {
    const before = alertmanager.calls.length
    const lost = firing({ name: `Lost${at}` })
    alertmanager.holds({ report: lost })
    expect(await post(agent, at === 0 ? tooLarge() : fixture('firing-truncated'))).toBe(at === 0 ? 413 : 200)
    await expect.poll(() => alertmanager.calls.length, { timeout: 10_000 }).toBeGreaterThan(before)
    await expect
      .poll(() => db.sql`select 1 from alerts where fingerprint = ${lost.fingerprint}`, { timeout: 10_000 })
      .toHaveLength(1)
  }
  expect(lines.filter(({ msg }) => msg === 'alerts were left out, and are asked for')).toMatchObject([
    { reason: 'too_large' },
    { reason: 'truncated', left: 4 },
  ])
})

test('a contradiction that any replica takes in is settled by a poll at once', async () => {
  const env = { ALERTMANAGER_URL: alertmanager.url, ALERTMANAGER_POLL_SECONDS: '3600' }
  const replicas = [await replica(env), await replica(env)]
  await polls(1)
  for (const [at, agent] of replicas.entries()) {
    const labels = { alertname: `Doubt${at}` }
    const one = (status: string) =>
      webhookOf([{ labels, status, fingerprint: undefined, ...(status === 'resolved' && { endsAt: ENDED }) }])
    for (const status of ['firing', 'resolved', 'firing']) expect(await post(agent, one(status))).toBe(200)
    await expect
      .poll(
        () => db.sql`select 1 from alerts where labels ->> 'alertname' = ${labels.alertname} and status = 'firing'`,
        {
          timeout: 10_000,
        },
      )
      .toHaveLength(0)
  }
})

const ENDED = '2026-11-21T03:00:00Z'

test('where nobody polls, alerts that were left out are counted and logged each time, and told once', async () => {
  const env = {
    PEOPLE: 'alice:1001:admin',
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_CHAT_ID: String(telegram.chatId),
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_RATE_PER_MINUTE: '0',
  }
  const agent = await replica(env)
  const told = () => telegram.messages().filter(({ text }) => text.includes('Alerts were left out'))
  expect(await post(agent, tooLarge())).toBe(413)
  await expect.poll(told, { timeout: 10_000 }).toHaveLength(1)
  expect(told()[0]?.text).toContain('Set ALERTMANAGER_URL')
  expect(await post(agent, tooLarge())).toBe(413)
  expect(await post(agent, fixture('firing-truncated'))).toBe(200)
  await expect
    .poll(() => lines.filter(({ msg }) => msg === 'alerts were left out; set ALERTMANAGER_URL').length)
    .toBe(3)
  const metrics = await (await fetch(`${agent.url}/metrics`)).text()
  expect(metrics).toContain('watchkeeper_incomplete_webhooks_total{reason="too_large"} 2')
  expect(metrics).toContain('watchkeeper_incomplete_webhooks_total{reason="truncated"} 1')
  await expect
    .poll(() => db.sql`select 1 from outbox where sent_at is null or sending_since is not null`, { timeout: 10_000 })
    .toHaveLength(0)
  expect(told()).toHaveLength(1)
  // An hour later it is news again, also to a replica that did not say it.
  await db.sql`update clock set test_offset = '61 minutes'`
  expect(await post(await replica(env), fixture('firing-truncated'))).toBe(200)
  await expect.poll(told, { timeout: 10_000 }).toHaveLength(2)
  expect(told()[1]?.text).toContain('4 alerts were cut')
})

/** What one process makes of it, by a clock that is moved by hand. */
function oneProcess() {
  const said: string[] = []
  const counted: string[] = []
  const warned: string[] = []
  const clock = { now: 0 }
  let asked = 0
  let refuse = false
  const holding = Promise.withResolvers<void>()
  const told = leftOut({
    sql: db.sql,
    polled: false,
    count: (reason) => void counted.push(reason),
    async notice(tx, { subject, topic, text }) {
      asked++
      await holding.promise
      if (refuse) throw new Error('the database is away')
      said.push(text)
      await tx`insert into outbox (channel, kind, subject, text, topic, sent_at)
        values ('test', 'notice', ${subject}, ${text}, ${topic}, watch_now())`
    },
    log: { warn: (_about, message) => void warned.push(message) },
    now: () => clock.now,
  })
  return {
    ...{ told, said, counted, warned, clock },
    asked: () => asked,
    release: holding.resolve,
    refuse: (is: boolean) => {
      refuse = is
    },
  }
}

/** Transactions that wait for the process that began them, as Postgres sees it. */
const underWay = () => db.sql`
  select from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and state = 'idle in transaction'`

test('a storm of webhooks that are cut has one transaction under way, and none while people know; each is counted', async () => {
  const { told, said, counted, clock, asked, release } = oneProcess()
  const storm = Array.from({ length: 50 }, () => told('truncated', 3))
  await expect.poll(asked, { timeout: 10_000 }).toBe(1)
  expect(await underWay()).toHaveLength(1)
  release()
  await Promise.all(storm)
  expect(counted).toHaveLength(50)
  expect(said).toHaveLength(1)
  await db.sql`delete from outbox`
  clock.now = 60 * 60_000 - 1
  await told('truncated', 3)
  expect(said).toHaveLength(1)
  clock.now += 1
  await told('truncated', 3)
  expect(said).toHaveLength(2)
})

test('what another replica has said is not said again, and what could not be said is tried at the next webhook', async () => {
  const first = oneProcess()
  const second = oneProcess()
  first.release()
  second.release()
  first.refuse(true)
  await first.told('too_large')
  expect(first.warned).toContain('alerts were left out, and it could not be told')
  first.refuse(false)
  await first.told('too_large')
  expect(first.said).toHaveLength(1)
  await db.sql`update clock set test_offset = '40 minutes'`
  await second.told('too_large')
  second.clock.now = 19 * 60_000
  await db.sql`delete from outbox`
  await second.told('too_large')
  expect(second.said).toEqual([])
  second.clock.now = 20 * 60_000
  await second.told('too_large')
  expect(second.said).toHaveLength(1)
})
