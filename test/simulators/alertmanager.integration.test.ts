import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
import { controlOf } from './alertmanager/control.ts'
import { fingerprint, webhookPayload } from './alertmanager/payload.ts'
import { type AlertmanagerOptions, startAlertmanager } from './alertmanager/server.ts'
import type { Labels, WebhookPayload } from './alertmanager/types.ts'

const endings: (() => unknown)[] = []
const radarr = {
  alertname: 'KubeContainerOOMKilled',
  cluster: 'talos-main',
  namespace: 'media',
  pod: 'radarr-1',
  severity: 'critical',
}
const sonarr = { ...radarr, pod: 'sonarr-1' }

afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A receiver that answers with these statuses, then 200. */
async function receive(statuses: number[] = []) {
  const taken: { authorization: string | undefined; body: WebhookPayload }[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    taken.push({ authorization: request.headers.authorization, body: JSON.parse(Buffer.concat(chunks).toString()) })
    response.writeHead(statuses.shift() ?? 200).end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  endings.push(() => server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, taken }
}

async function start(options: AlertmanagerOptions) {
  const alertmanager = await startAlertmanager({ retryMs: 10, groupIntervalMs: 100, ...options })
  endings.push(alertmanager.stop)
  const get = (path: string) => fetch(alertmanager.url + path).then((answer) => answer.json())
  return { alertmanager, get }
}

test('alerts of one group arrive together, in the shape of version 4, and their end is told', async () => {
  const receiver = await receive()
  const { alertmanager } = await start({ webhookUrl: receiver.url, credentials: { bearer: 'a-secret' } })
  alertmanager.fire(radarr, { summary: 'radarr' }, { startsAt: '2026-11-21T02:14:00.123456789Z' })
  alertmanager.fire(sonarr, { summary: 'sonarr' }, { startsAt: '2026-11-21T02:14:00.123456789Z' })
  await alertmanager.waitForDelivery(({ status }) => status === 200)
  expect(receiver.taken).toHaveLength(1)
  expect(receiver.taken[0]?.authorization).toBe('Bearer a-secret')
  const { pod: _, ...common } = radarr
  expect(receiver.taken[0]?.body).toEqual({
    receiver: 'watchkeeper',
    status: 'firing',
    alerts: [
      {
        status: 'firing',
        labels: radarr,
        annotations: { summary: 'radarr' },
        startsAt: '2026-11-21T02:14:00.123456789Z',
        endsAt: '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint: fingerprint(radarr),
      },
      expect.objectContaining({ labels: sonarr }),
    ],
    groupLabels: { alertname: 'KubeContainerOOMKilled', cluster: 'talos-main', namespace: 'media' },
    commonLabels: common,
    commonAnnotations: {},
    externalURL: 'http://alertmanager.example:9093',
    version: '4',
    groupKey: '{}:{alertname="KubeContainerOOMKilled", cluster="talos-main", namespace="media"}',
    truncatedAlerts: 0,
  })

  alertmanager.resolve(radarr)
  const mixed = await alertmanager.waitForDelivery(({ payload }) => payload.alerts[0]?.status === 'resolved')
  expect(mixed.payload).toMatchObject({ status: 'firing', alerts: [{ status: 'resolved' }, { status: 'firing' }] })
  alertmanager.resolve(sonarr)
  const last = await alertmanager.waitForDelivery(({ payload }) => payload.status === 'resolved')
  expect(last.payload.alerts.map(({ labels }) => labels.pod)).toEqual(['sonarr-1'])
})

test('the fingerprint is the one prometheus/common gives', () => {
  expect(fingerprint({})).toBe('cbf29ce484222325')
  expect(fingerprint({ b: '2', a: '1' })).toBe(fingerprint({ a: '1', b: '2' }))
  expect(fingerprint({ a: '1' })).not.toBe(fingerprint({ a: '2' }))
})

test('503 is tried again with growing pauses until it is taken', async () => {
  const receiver = await receive([503, 500, 503])
  const { alertmanager } = await start({ webhookUrl: receiver.url, groupIntervalMs: 60_000 })
  alertmanager.fire(radarr)
  await alertmanager.waitForDelivery(({ status }) => status === 200)
  expect(alertmanager.deliveries().map(({ status, attempt }) => [status, attempt])).toEqual([
    [503, 1],
    [500, 2],
    [503, 3],
    [200, 4],
  ])
})

test('429 is dropped, and told again only at the next interval', async () => {
  const receiver = await receive([429, 302])
  const { alertmanager } = await start({ webhookUrl: receiver.url, groupIntervalMs: 60_000 })
  alertmanager.fire(radarr)
  await alertmanager.waitForDelivery(({ status }) => status === 429)
  await alertmanager.flush()
  await alertmanager.flush()
  expect(alertmanager.deliveries().map(({ status, attempt }) => [status, attempt])).toEqual([
    [429, 1],
    [302, 1],
    [200, 1],
  ])
})

test('an alert that was never taken and then ends is never told', async () => {
  const receiver = await receive([400])
  const { alertmanager } = await start({ webhookUrl: receiver.url, groupIntervalMs: 60_000 })
  alertmanager.fire(radarr)
  await alertmanager.waitForDelivery(({ status }) => status === 400)
  alertmanager.resolve(radarr)
  await alertmanager.flush()
  expect(receiver.taken).toHaveLength(1)
})

test('a lost webhook leaves the alert to be found by the API only', async () => {
  const receiver = await receive()
  const { alertmanager, get } = await start({ webhookUrl: receiver.url })
  alertmanager.loseNext()
  alertmanager.fire(radarr, { summary: 'x' }, { startsAt: '2026-11-21T02:14:00.123456789Z' })
  await alertmanager.waitForDelivery(({ status }) => status === 'lost')
  await alertmanager.flush()
  expect(receiver.taken).toEqual([])
  expect(await get('/api/v2/alerts?active=true&silenced=false&inhibited=false')).toMatchObject([
    {
      labels: radarr,
      fingerprint: fingerprint(radarr),
      startsAt: '2026-11-21T02:14:00.123Z',
      receivers: [{ name: 'watchkeeper' }],
      status: { state: 'active', silencedBy: [], inhibitedBy: [] },
    },
  ])
})

test('a silenced alert is not told, and the API says so until the silence ends', async () => {
  const receiver = await receive()
  const { alertmanager, get } = await start({ webhookUrl: receiver.url })
  const silence = alertmanager.silence(['pod=~"radarr-.*"'], { comment: 'known' })
  alertmanager.fire(radarr)
  await alertmanager.flush()
  expect(receiver.taken).toEqual([])
  expect(await get('/api/v2/alerts?silenced=false')).toEqual([])
  expect(await get('/api/v2/alerts')).toMatchObject([{ status: { state: 'suppressed', silencedBy: [silence.id] } }])
  await fetch(`${alertmanager.url}/api/v2/silence/${silence.id}`, { method: 'DELETE' })
  expect(await get(`/api/v2/silence/${silence.id}`)).toMatchObject({ status: { state: 'expired' } })
  await alertmanager.waitForDelivery(({ status }) => status === 200)
})

test('a restart forgets what fires until it is fired again, and keeps silences', async () => {
  const { alertmanager, get } = await start({})
  alertmanager.fire(radarr)
  alertmanager.silence(['pod="sonarr-1"'], { comment: 'known' })
  alertmanager.restart()
  expect(await get('/api/v2/alerts')).toEqual([])
  expect(() => alertmanager.resolve(radarr)).toThrow('fire it first')
  alertmanager.fire(radarr)
  alertmanager.fire(sonarr)
  expect(await get('/api/v2/alerts?silenced=false')).toMatchObject([{ labels: radarr }])
})

test('the API filters by matcher and receiver and takes silences and alerts', async () => {
  const { alertmanager, get } = await start({})
  const post = (path: string, body: unknown) =>
    fetch(alertmanager.url + path, { method: 'POST', body: JSON.stringify(body) })
  await post('/api/v2/alerts', [{ labels: radarr }, { labels: sonarr }])
  const pods = (alerts: unknown) => (alerts as { labels: Labels }[]).map(({ labels }) => labels.pod).sort()
  expect(pods(await get('/api/v2/alerts'))).toEqual(['radarr-1', 'sonarr-1'])
  expect(pods(await get(`/api/v2/alerts?filter=${encodeURIComponent('pod!="radarr-1"')}`))).toEqual(['sonarr-1'])
  expect(await get('/api/v2/alerts?receiver=watch')).toEqual([])
  expect(pods(await get('/api/v2/alerts?receiver=watch.*'))).toHaveLength(2)
  const bad = await fetch(`${alertmanager.url}/api/v2/alerts?filter=nonsense`)
  expect([bad.status, await bad.json()]).toEqual([400, 'bad matcher format: nonsense'])
  const refused = await post('/api/v2/silences', { matchers: [] })
  expect(refused.status).toBe(400)
  const endsAt = new Date(Date.now() + 60_000).toISOString()
  const matchers = [{ name: 'pod', value: 'radarr-1', isRegex: false, isEqual: true }]
  const made = await post('/api/v2/silences', {
    matchers,
    startsAt: new Date().toISOString(),
    endsAt,
    createdBy: 'anna',
    comment: 'x',
  })
  const { silenceID } = (await made.json()) as { silenceID: string }
  expect(await get('/api/v2/silences')).toMatchObject([{ id: silenceID, status: { state: 'active' } }])
  expect(pods(await get('/api/v2/alerts?silenced=false'))).toEqual(['sonarr-1'])
  expect((await fetch(`${alertmanager.url}/-/healthy`)).status).toBe(200)
})

test('more alerts than the receiver wants are only counted', () => {
  const alerts = Array.from({ length: 7 }, (_, i) => ({
    labels: { ...radarr, pod: `radarr-${i}` },
    startsAt: '2026-11-21T02:14:00Z',
  }))
  const payload = webhookPayload(alerts, { maxAlerts: 3 })
  expect(payload.alerts.map(({ labels }) => labels.pod)).toEqual(['radarr-0', 'radarr-1', 'radarr-2'])
  expect(payload.truncatedAlerts).toBe(4)
})

test('as a process it is steered over HTTP and writes what it did to the oracle', async () => {
  const receiver = await receive()
  const folder = await mkdtemp(join(tmpdir(), 'alertmanager-'))
  endings.push(() => rm(folder, { recursive: true }))
  const oracle = join(folder, 'oracle.jsonl')
  const main = new URL('./alertmanager/main.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [main, '--oracle', oracle, '--webhook', receiver.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  endings.push(async () => {
    const ended = child.exitCode === null && once(child, 'exit')
    child.kill()
    await ended
  })
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  const control = controlOf((JSON.parse(line) as { control: string }).control)
  await control.fire(radarr, { summary: 'x' })
  await control.flush()
  await control.redeliver(0, 2)
  expect(receiver.taken.map(({ body }) => body.alerts[0]?.labels)).toEqual([radarr, radarr, radarr])
  await expect(control.resolve({ alertname: 'Unknown' })).rejects.toThrow('fire it first')
  const lines = (await readFile(oracle, 'utf8'))
    .trim()
    .split('\n')
    .map((entry) => JSON.parse(entry))
  expect(lines).toHaveLength(3)
  expect(lines[0]).toMatchObject({
    simulator: 'alertmanager',
    call: 'webhook',
    status: 200,
    alerts: [{ fingerprint: fingerprint(radarr) }],
  })
})
