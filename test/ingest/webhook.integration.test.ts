import { createServer, request as httpRequest, type Server } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { receive } from '../../src/cli/receive.ts'
import { postgresIntake } from '../../src/ingest/postgres-intake.ts'
import { alertmanagerWebhook } from '../../src/ingest/webhook.ts'
import { connect, type Sql } from '../../src/storage/postgres.ts'
import { testDatabase } from '../support/postgres.ts'
import { clearIntake } from './clear.ts'
import { fixture, webhookOf } from './fixtures.ts'

const token = 'a-token'
const database = await testDatabase()
const { sql } = database
const incomplete: string[] = []
const url = await serve(sql, 20_000)
afterAll(database.close)
beforeEach(async () => {
  incomplete.length = 0
  await clearIntake(sql)
})

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function serve(pool: Sql, deadlineMs?: number): Promise<string> {
  const intake = postgresIntake(pool, { cluster: 'home', ...(deadlineMs && { deadlineMs }) })
  const app = alertmanagerWebhook({ intake, credentials: { token }, onIncomplete: (reason) => incomplete.push(reason) })
  const server: Server = createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  afterAll(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function post(body: Uint8Array, to = url, headers: Record<string, string> = {}) {
  return fetch(`${to}/webhooks/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
    body: Buffer.from(body),
  })
}

test('every shape a real Alertmanager sends is stored, in the order of a night', async () => {
  const night = [
    'firing-single',
    'firing-group',
    'firing-truncated',
    'mixed-group',
    'firing-other-namespace',
    'firing-minimal',
    'resolved-group',
    'resolved-truncated',
    'resolved-minimal',
    'watchdog',
  ]
  for (const name of night) {
    const response = await post(fixture(name))
    expect(response.status, name).toBe(200)
  }
  expect(await sql`select alertname, namespace, workload from incidents order by id`).toEqual([
    { alertname: 'KubePodCrashLooping', namespace: 'media', workload: 'radarr' },
    { alertname: 'KubeNodeNotReady', namespace: null, workload: 'talos-w1' },
    { alertname: 'KubeNodeNotReady', namespace: null, workload: 'talos-w2' },
    { alertname: 'KubeNodeNotReady', namespace: null, workload: 'talos-w3' },
    { alertname: 'KubePodCrashLooping', namespace: 'media-test', workload: 'sonarr' },
    { alertname: 'DiskFillingUp', namespace: null, workload: 'nas.home.example' },
  ])
  expect(await sql`select status, count(*) from alerts group by status order by status`).toEqual([
    { status: 'firing', count: 1 },
    { status: 'resolved', count: 7 },
  ])
  expect(await sql`select name from heartbeats`).toEqual([{ name: 'watchdog' }])
  expect(incomplete).toEqual(['truncated', 'truncated'])
})

test('F20: hostile text is stored harmlessly, and its group with it', async () => {
  const labels = { alertname: 'a\0b', pod: 'x\uD800', namespace: '\u202Eevil', ['__proto__']: 'y' }
  const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`label_${n}`, 'x']))
  const response = await post(
    webhookOf([
      { labels },
      { labels: { alertname: 'Many', ...many }, fingerprint: undefined },
      { labels: { alertname: 'Fine' }, fingerprint: undefined },
    ]),
  )
  expect(await response.json()).toMatchObject({ accepted: 3 })
  const rows = await sql<
    { labels: Record<string, string>; marks: string[] }[]
  >`select labels, marks from alerts order by id`
  expect(rows.map(({ marks }) => marks.length)).toEqual([1, 1, 0])
  expect(rows[0]?.labels).toMatchObject({ alertname: 'a\uFFFDb', pod: 'x\uFFFD', namespace: '\u202Eevil' })
})

test('F20: 50 MB are refused within 100 ms without being kept', async () => {
  const before = process.memoryUsage().rss
  for (const announced of [true, false]) {
    const tries = []
    for (let n = 0; n < 3; n++) tries.push(await pour(50 * 1_048_576, announced))
    expect(tries.map(({ status }) => status)).toEqual([413, 413, 413])
    // The quickest of three: the machine may be busy with other things.
    expect(Math.min(...tries.map(({ ms }) => ms))).toBeLessThan(100)
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1_048_576)
  expect(new Set(incomplete)).toEqual(new Set(['too_large']))
})

test('F20: a body under the limit whose receiver is most of it is stored, and not once for each alert', async () => {
  const group = (name: string) =>
    Array.from({ length: 500 }, (_, n) => ({ labels: { alertname: `${name}${n}` }, fingerprint: undefined }))
  // What the machinery weighs by itself is there before.
  await post(webhookOf(group('Small')))
  const body = webhookOf(group('Large'), { receiver: `a\0b${'r'.repeat(400_000)}` })
  const before = process.memoryUsage().rss
  const response = await post(body)
  expect(process.memoryUsage().rss - before).toBeLessThan(50 * 1_048_576)
  expect(response.status).toBe(200)
})

/** Sends so many bytes from one small buffer, as fast as they are taken, until there is an answer. */
function pour(bytes: number, announced: boolean): Promise<{ status: number | undefined; ms: number }> {
  const chunk = Buffer.alloc(65_536, 0x20)
  const startedAt = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, ...(announced && { 'content-length': bytes }) }
    const request = httpRequest(`${url}/webhooks/alertmanager`, { method: 'POST', headers }, (response) => {
      resolve({ status: response.statusCode, ms: performance.now() - startedAt })
      response.resume()
      request.destroy()
    })
    let left = bytes
    const send = () => {
      while (left > 0 && !request.destroyed) {
        left -= chunk.length
        if (!request.write(chunk)) return
      }
      if (!request.destroyed) request.end()
    }
    request.on('drain', send)
    request.on('error', reject)
    send()
  })
}

test('F5: with nobody at the address of the database the answer is 503 within 2 s', async () => {
  const gone = connect('postgres://nobody:x@127.0.0.1:1/none', { max: 2 })
  closers.push(() => void gone.end({ timeout: 0 }))
  const to = await serve(gone)
  const startedAt = performance.now()
  const response = await post(fixture('firing-single'), to)
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})

test('F5: with a database that accepts and never answers the answer is 503 within 2 s, for each who asks', async () => {
  const sockets: Socket[] = []
  const silent = createTcpServer((socket) => sockets.push(socket.on('error', () => {})))
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
  const hanging = connect(`postgres://a:b@127.0.0.1:${(silent.address() as AddressInfo).port}/none`, { max: 2 })
  closers.push(() => {
    void hanging.end({ timeout: 0 })
    for (const socket of sockets) socket.destroy()
    silent.close()
  })
  const to = await serve(hanging)
  const startedAt = performance.now()
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(fixture('firing-single'), to)))
  expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 503))
  expect(performance.now() - startedAt).toBeLessThan(2_000)
})

test('F5: an outage costs no alert: what was answered 503 is there after it is sent again', async () => {
  // The database lets nobody in for a while, and throws out who is there.
  const name = new URL(database.url).pathname.slice(1)
  const admin = connect(database.url.replace(/\/[^/]*$/, '/postgres'), { max: 1 })
  closers.push(() => void admin.end({ timeout: 0 }))
  await admin.unsafe(`alter database ${name} allow_connections false`)
  await admin`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name}`
  const pool = connect(database.url, { max: 2 })
  closers.push(() => void pool.end({ timeout: 0 }))
  const to = await serve(pool)
  expect((await post(fixture('firing-single'), to)).status).toBe(503)
  await admin.unsafe(`alter database ${name} allow_connections true`)
  await expect.poll(async () => (await post(fixture('firing-single'), to)).status, { timeout: 10_000 }).toBe(200)
  expect(await sql`select status from alerts`).toEqual([{ status: 'firing' }])
})

test('a payload in a file is posted, and what became of it said in a sentence', async () => {
  const file = new URL('../fixtures/alertmanager/firing-group.json', import.meta.url).pathname
  expect(await receive(file, { url, token })).toBe('3 alerts were taken: incident #1.')
  await expect(receive(file, { url, token: 'wrong' })).rejects.toThrow(/refused the token/)
  await expect(receive(file, { url: 'http://127.0.0.1:1', token })).rejects.toThrow(/No Watchkeeper answers/)
  await expect(receive('/nowhere.json', { url, token })).rejects.toThrow(/cannot be read/)
  await expect(receive(import.meta.filename, { url, token })).rejects.toThrow(/is not JSON/)
})
