import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test } from 'vitest'
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
  const agent = await replica({
    PEOPLE: 'alice:1001:admin',
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_CHAT_ID: String(telegram.chatId),
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_RATE_PER_MINUTE: '0',
  })
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
  // An hour later it is news again.
  await db.sql`update clock set test_offset = '61 minutes'`
  expect(await post(agent, fixture('firing-truncated'))).toBe(200)
  await expect.poll(told, { timeout: 10_000 }).toHaveLength(2)
  expect(told()[1]?.text).toContain('4 alerts were cut')
})
