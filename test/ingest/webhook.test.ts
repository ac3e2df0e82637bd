import { expect, test } from 'vitest'
import { UpstreamError } from '../../src/domain/errors.ts'
import type { IncidentIntake, IncomingReport } from '../../src/ingest/intake.ts'
import { alertmanagerWebhook, type WebhookDeps } from '../../src/ingest/webhook.ts'
import { fixture, webhookOf } from './fixtures.ts'

const token = 'correct horse'
const bearer = { authorization: `Bearer ${token}` }

/** Remembers what it was given, and answers as told. */
function scripted(answer: () => Promise<{ alerts: number; incidents: number[] }>) {
  const asked: { reports: readonly IncomingReport[]; via: string }[] = []
  const intake: IncidentIntake = {
    take(reports, via) {
      asked.push({ reports, via })
      return answer()
    },
  }
  return { intake, asked }
}

function hook(deps: Partial<WebhookDeps> = {}) {
  const { intake, asked } = scripted(async () => ({ alerts: 1, incidents: [7] }))
  const incomplete: string[] = []
  const app = alertmanagerWebhook({
    intake,
    credentials: { token },
    onIncomplete: (reason) => incomplete.push(reason),
    ...deps,
  })
  const post = (body: Uint8Array | ReadableStream | string, headers: Record<string, string> = bearer) =>
    app.request('/webhooks/alertmanager', { method: 'POST', headers, body, duplex: 'half' } as RequestInit)
  return { app, post, asked, incomplete }
}

/** A body that knows whether anybody asked for it. */
function watchedBody(bytes: Uint8Array) {
  const seen = { read: 0 }
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        seen.read++
        controller.enqueue(bytes)
        controller.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { stream, seen }
}

test('a webhook is answered with what became of it, and carries its receiver', async () => {
  const { post, asked } = hook()
  const response = await post(fixture('firing-group'))
  expect(response.status).toBe(200)
  expect(await response.json()).toEqual({ accepted: 3, incidents: [7] })
  expect(asked).toMatchObject([{ via: 'webhook', reports: [{ receiver: 'watchkeeper' }, {}, {}] }])
})

const basic = (text: string) => ({ authorization: `Basic ${Buffer.from(text).toString('base64')}` })

test.each<[string, Record<string, string>]>([
  ['no credentials', {}],
  ['a wrong token', { authorization: 'Bearer wrong' }],
  ['the beginning of the token', { authorization: 'Bearer correct' }],
  ['an empty token', { authorization: 'Bearer ' }],
  ['a scheme without a value', { authorization: 'Bearer' }],
  ['another scheme', { authorization: `Digest ${token}` }],
  ['basic credentials where a token is set', basic(`${token}:${token}`)],
])('A11: %s is refused with the body unread', async (_what, headers) => {
  const { post, asked } = hook()
  const { stream, seen } = watchedBody(fixture('firing-single'))
  const response = await post(stream, headers)
  expect(response.status).toBe(401)
  expect(response.headers.get('www-authenticate')).toContain('Bearer')
  const { error } = (await response.json()) as { error: string }
  expect(error).toMatch(/Alertmanager|http_config/)
  expect(seen.read).toBe(0)
  expect(asked).toEqual([])
})

test('basic credentials are as good, where they are set', async () => {
  const { post } = hook({ credentials: { basic: { username: 'am', password: 'p:w' } } })
  expect((await post(fixture('firing-single'), basic('am:p:w'))).status).toBe(200)
  expect((await post(fixture('firing-single'), basic('am:p'))).status).toBe(401)
  expect((await post(fixture('firing-single'), bearer)).status).toBe(401)
})

test.each([{}, { token: '' }, { basic: { username: 'am', password: '' } }])(
  'with %j configured nothing is taken',
  async (credentials) => {
    const { post } = hook({ credentials })
    for (const headers of [{}, { authorization: 'Bearer ' }, basic('am:')]) {
      const response = await post(fixture('firing-single'), headers)
      expect(response.status).toBe(401)
      expect(await response.text()).toContain('No credentials are configured')
    }
  },
)

test('a body announced as too large is refused unread, and the poll is asked to find what it held', async () => {
  const { post, incomplete, asked } = hook({ maxBodyBytes: 1_000 })
  const { stream, seen } = watchedBody(new Uint8Array(1_001))
  const response = await post(stream, { ...bearer, 'content-length': '1001' })
  expect(response.status).toBe(413)
  expect(await response.text()).toContain('max_alerts')
  expect(seen.read).toBe(0)
  expect(incomplete).toEqual(['too_large'])
  expect(asked).toEqual([])
})

test('a body that does not say its size is read no further than the limit', async () => {
  const { post } = hook({ maxBodyBytes: 1_000 })
  let sent = 0
  const endless = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        sent += 400
        controller.enqueue(new Uint8Array(400).fill(0x20))
      },
    },
    { highWaterMark: 0 },
  )
  expect((await post(endless)).status).toBe(413)
  expect(sent).toBe(1_200)
})

test('a body in parts is put together', async () => {
  const { post } = hook()
  const bytes = fixture('firing-single')
  const parts = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.slice(0, 100))
      controller.enqueue(bytes.slice(100))
      controller.close()
    },
  })
  expect(await (await post(parts)).json()).toEqual({ accepted: 1, incidents: [7] })
})

test('a truncated group is taken, and the poll is asked for the rest', async () => {
  const { post, incomplete } = hook()
  expect((await post(fixture('firing-truncated'))).status).toBe(200)
  expect(incomplete).toEqual(['truncated'])
  expect((await post(fixture('firing-single'))).status).toBe(200)
  expect(incomplete).toEqual(['truncated'])
})

test.each([
  [
    'the database is away',
    new UpstreamError('The database cannot be reached.', { vendor: 'Postgres', retryable: true }),
  ],
  ['there is a bug', new TypeError('undefined is not a function')],
])('when %s the sender is asked to come back, never refused for good', async (_what, failure) => {
  const { intake } = scripted(() => Promise.reject(failure))
  const failures: unknown[] = []
  const { post, incomplete } = hook({ intake, onFailure: (error) => failures.push(error) })
  const response = await post(fixture('firing-truncated'))
  expect(response.status).toBe(503)
  expect(response.headers.get('retry-after')).toBe('5')
  expect(await response.text()).not.toContain('undefined is not')
  expect(failures).toEqual([failure])
  expect(incomplete).toEqual([])
})

test('an unknown version and a broken body are refused in a sentence', async () => {
  const { post } = hook()
  for (const body of [webhookOf([{}], { version: '3' }), Buffer.from('{')]) {
    const response = await post(body)
    expect(response.status).toBe(400)
    expect(((await response.json()) as { error: string }).error).toMatch(/\.$/)
  }
})

test('other methods are told what to use', async () => {
  const { app } = hook()
  const response = await app.request('/webhooks/alertmanager')
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('POST')
})
