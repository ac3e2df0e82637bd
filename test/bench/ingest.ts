import { type ChildProcess, fork } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { Pool } from 'undici'
import { z } from 'zod'
import { announcer } from '../../src/incidents/announce.ts'
import { hint } from '../../src/incidents/wake.ts'
import { postgresIntake } from '../../src/ingest/postgres-intake.ts'
import { alertmanagerWebhook } from '../../src/ingest/webhook.ts'
import { startEmbedded } from '../../src/storage/embedded-postgres.ts'
import { connect, json, type Sql, sentTogether } from '../../src/storage/postgres.ts'
import { prepareDatabase } from '../../src/storage/prepare-database.ts'
import { openQueue } from '../../src/storage/queue.ts'

/**
 * How many webhooks a second the intake takes, beside a bare handler on the same database that validates and does one
 * insert; how long an acknowledgement takes at 100 a second; and whether all that was acknowledged is in the table.
 *
 * The agent's ingest path, the bare handler and the load are three processes; this one only conducts and counts.
 */
const CONNECTIONS = 32
const ROUNDS = 3
const TOKEN = 'bench'
const bounds = { ratio: 0.5, new_share: 0.5, ack_p99_ms: 100, lost: 0 }

type Side = 'ours' | 'bare'
type Load = { port: number; series: number; ms: number; perSecond?: number }
type Loaded = { series: number; acknowledged: number[]; refused: number; seconds: number; latencies: number[] }

const role = process.argv[2]
if (role === 'serve') await serve(process.argv[3] === 'bare' ? 'bare' : 'ours', process.argv[4] ?? '')
else if (role === 'load') process.on('message', (load: Load) => run(load).then((loaded) => process.send?.(loaded)))
else await conduct()

async function conduct(): Promise<void> {
  const { values } = parseArgs({ options: { json: { type: 'boolean' }, seconds: { type: 'string', default: '4' } } })
  const ms = Number(values.seconds) * 1_000
  if (!(ms > 0)) throw new Error('--seconds needs a number above 0.')
  const folder = join(tmpdir(), `watchkeeper-bench-ingest-${process.pid}`)
  const postgres = await startEmbedded({ dataDir: folder })
  const children: ChildProcess[] = []
  try {
    await prepareDatabase(postgres.url)
    const sql = connect(postgres.url, { max: 2 })
    await sql`create table bench_bare (id bigint generated always as identity primary key, body jsonb not null)`
    const begin = (args: string[]) => {
      const child = fork(fileURLToPath(import.meta.url), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      children.push(child)
      return child
    }
    const load = begin(['load'])
    const ports = {
      ours: await answer<number>(begin(['serve', 'ours', postgres.url])),
      bare: await answer<number>(begin(['serve', 'bare', postgres.url])),
    }
    const result = await measure(sql, load, ports, ms)
    await sql.end()
    report(result, values.json === true)
  } finally {
    for (const child of children) child.kill()
    await postgres.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function measure(sql: Sql, load: ChildProcess, ports: Record<Side, number>, ms: number) {
  let series = 0
  const drive = (side: Side, more: Partial<Load> = {}) =>
    ask<Load, Loaded>(load, { port: ports[side], series: ++series, ms, ...more })
  const rates: Record<Side, number[]> = { ours: [], bare: [] }
  const taken: Loaded[] = []
  for (const side of ['bare', 'ours'] as const) taken.push(...onlyOurs(side, await drive(side, { ms: 1_000 })))
  for (let round = 0; round < ROUNDS; round++) {
    for (const side of ['bare', 'ours'] as const) {
      const loaded = await drive(side)
      const rate = loaded.acknowledged.length / loaded.seconds
      rates[side].push(rate)
      taken.push(...onlyOurs(side, loaded))
      process.stderr.write(`${side}: ${Math.round(rate)} webhooks/s, ${loaded.refused} refused\n`)
    }
  }
  const calm = await drive('ours', { perSecond: 100 })
  taken.push(calm)
  calm.latencies.sort((a, b) => a - b)
  const stored = await count(sql, taken)
  const [bare, ours] = [median(rates.bare), median(rates.ours)]
  return {
    bare_per_s: Math.round(bare),
    ours_per_s: Math.round(ours),
    ratio: round(ours / bare),
    new_share: round(stored.alerts / stored.received),
    incidents: stored.incidents,
    ack_p50_ms: round(quantile(calm.latencies, 0.5)),
    ack_p99_ms: round(quantile(calm.latencies, 0.99)),
    lost: stored.lost,
  }
}

function onlyOurs(side: Side, loaded: Loaded): Loaded[] {
  return side === 'ours' ? [loaded] : []
}

async function count(sql: Sql, taken: readonly Loaded[]) {
  const fingerprints = taken.flatMap(({ series, acknowledged }) =>
    acknowledged.flatMap((n) => alertsOf(n).map((alert) => fingerprintOf(series, alert))),
  )
  const [row] = await sql<{ alerts: number; received: number; incidents: number; lost: number }[]>`
    select (select count(*) from alerts) as alerts, (select sum(received) from alerts)::bigint as received,
      (select count(*) from incidents) as incidents,
      (select count(*) from unnest(${fingerprints}::text[]) as sent (fingerprint)
       where not exists (select from alerts a where a.source = 'alertmanager' and a.fingerprint = sent.fingerprint)) as lost`
  if (!row) throw new Error('The database counted nothing.')
  return row
}

function report(result: Awaited<ReturnType<typeof measure>>, asJson: boolean): void {
  if (asJson) process.stdout.write(`${JSON.stringify(result)}\n`)
  else for (const [name, value] of Object.entries(result)) process.stdout.write(`${name.padEnd(12)} ${value}\n`)
  const failed = [
    result.ratio < bounds.ratio && `the ratio is below ${bounds.ratio}`,
    result.new_share < bounds.new_share && `fewer than ${bounds.new_share} of the alerts were new`,
    result.ack_p99_ms > bounds.ack_p99_ms && `one acknowledgement in a hundred took over ${bounds.ack_p99_ms} ms`,
    result.lost > bounds.lost && `${result.lost} acknowledged alerts are not in the table`,
  ].filter((fault) => fault !== false)
  for (const fault of failed) process.stderr.write(`bench:ingest failed: ${fault}.\n`)
  if (failed.length > 0) process.exitCode = 1
}

// The two servers.

async function serve(side: Side, url: string): Promise<void> {
  const app = side === 'ours' ? await ourApp(url) : bareApp(url)
  const server = createServer(getRequestListener(app.fetch))
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    process.send?.(typeof address === 'object' && address ? address.port : 0)
  })
}

/** As the agent builds it: the webhook, the intake, and a card and a job for each incident in the same transaction. */
async function ourApp(url: string): Promise<Hono> {
  const queue = openQueue({ url })
  await queue.start()
  const cards = announcer(['telegram'])
  const intake = postgresIntake(
    connect(url),
    { cluster: 'bench' },
    {
      async moved(tx, incidents) {
        await sentTogether([cards.card(tx, incidents, 'soon'), hint(tx, queue, incidents)])
      },
    },
  )
  const onFailure = (error: unknown) => process.stderr.write(`ours: ${error}\n`)
  return alertmanagerWebhook({ intake, credentials: { token: TOKEN }, onFailure })
}

const Texts = z.record(z.string(), z.string())
const Payload = z.object({
  version: z.literal('4'),
  receiver: z.string(),
  status: z.enum(['firing', 'resolved']),
  groupKey: z.string(),
  truncatedAlerts: z.int(),
  externalURL: z.string(),
  groupLabels: Texts,
  commonLabels: Texts,
  commonAnnotations: Texts,
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels: Texts,
      annotations: Texts,
      startsAt: z.string(),
      endsAt: z.string(),
      generatorURL: z.string(),
      fingerprint: z.string(),
    }),
  ),
})

function bareApp(url: string): Hono {
  const sql = connect(url)
  return new Hono().post('/webhooks/alertmanager', async (c) => {
    const payload = Payload.parse(await c.req.json())
    await sql`insert into bench_bare (body) values (${json(sql, payload)})`
    return c.json({ accepted: payload.alerts.length })
  }) as unknown as Hono
}

// The load.

/** Three alerts a webhook: two that are new and one that the webhook before had brought. */
function alertsOf(n: number): number[] {
  return [2 * n, 2 * n + 1, Math.max(2 * n - 1, 0)]
}

function fingerprintOf(series: number, alert: number): string {
  return series.toString(16).padStart(6, '0') + alert.toString(16).padStart(10, '0')
}

function podOf(series: number, alert: number) {
  const deployment = `checkout-${series}-${Math.floor(alert / 8)}`
  return { deployment, pod: `${deployment}-7d9f8b6c5d-${alert}` }
}

/** What Alertmanager posts. Eight pods are one workload, so that every fourth webhook makes an incident. */
function payload(series: number, n: number): string {
  const common = { alertname: 'KubePodCrashLooping', cluster: 'talos-main', namespace: 'shop', severity: 'warning' }
  const alerts = alertsOf(n).map((alert) => ({
    status: 'firing',
    labels: { ...common, ...podOf(series, alert), container: 'app', job: 'kube-state' },
    annotations: {
      summary: `A pod of ${podOf(series, alert).deployment} keeps crashing.`,
      description: `Container app of pod ${alert} was restarted 7 times within the last 10 minutes, and waits in CrashLoopBackOff.`,
      runbook_url: 'https://runbooks.example.com/KubePodCrashLooping',
    },
    startsAt: '2026-11-21T11:44:43.675525719Z',
    endsAt: '0001-01-01T00:00:00Z',
    generatorURL: 'http://prometheus.example.com/graph?g0.expr=increase%28restarts%5B10m%5D%29+%3E+5&g0.tab=1',
    fingerprint: fingerprintOf(series, alert),
  }))
  return JSON.stringify({
    receiver: 'watchkeeper',
    status: 'firing',
    alerts,
    groupLabels: { alertname: common.alertname, namespace: common.namespace },
    commonLabels: common,
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example.com',
    version: '4',
    groupKey: `{}:{alertname="KubePodCrashLooping", namespace="shop"}`,
    truncatedAlerts: 0,
  })
}

async function run({ port, series, ms, perSecond }: Load): Promise<Loaded> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 })
  const loaded: Loaded = { series, acknowledged: [], refused: 0, seconds: 0, latencies: [] }
  let next = 0
  const send = async () => {
    const n = next++
    const body = payload(series, n)
    const sentAt = performance.now()
    const response = await pool.request({
      path: '/webhooks/alertmanager',
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${TOKEN}` },
      body,
    })
    await response.body.dump()
    if (response.statusCode !== 200) loaded.refused++
    else {
      loaded.acknowledged.push(n)
      loaded.latencies.push(performance.now() - sentAt)
    }
  }
  const startedAt = performance.now()
  const isOn = () => performance.now() - startedAt < ms
  const insist = async () => {
    while (isOn()) await send()
  }
  const pace = async (rate: number) => {
    const under: Promise<void>[] = []
    for (; isOn(); await wait(Math.max(0, startedAt + (next * 1_000) / rate - performance.now()))) under.push(send())
    await Promise.all(under)
  }
  if (perSecond) await pace(perSecond)
  else await Promise.all(Array.from({ length: CONNECTIONS }, insist))
  loaded.seconds = (performance.now() - startedAt) / 1_000
  await pool.close()
  return loaded
}

// Small things.

function ask<Question extends object, Answer>(child: ChildProcess, question: Question): Promise<Answer> {
  const answered = answer<Answer>(child)
  child.send(question)
  return answered
}

function answer<Answer>(child: ChildProcess): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('A process of the bench ended before its time.'))
    child.once('exit', gone)
    child.once('message', (message) => {
      child.off('exit', gone)
      resolve(message as Answer)
    })
  })
}

function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )
}

/** The value at a share of the way through sorted ones. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

function round(value: number): number {
  return Math.round(value * 100) / 100
}
