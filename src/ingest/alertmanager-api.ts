import { z } from 'zod'
import type { AlertReport } from '../domain/alert.ts'
import { UpstreamError } from '../domain/errors.ts'
import { receiverName, toReport } from './alertmanager.ts'

export type ApiOptions = {
  /** Where Alertmanager's web interface is, such as `http://alertmanager.monitoring:9093`, with its path prefix if it has one. */
  url: string
  /** Sent as the Authorization header. */
  authorization?: string | undefined
  /** A regular expression for the names of our receivers, matched whole as Alertmanager does; every receiver unless told. */
  receiver?: string | undefined
  /** Milliseconds for one call; 10,000 unless told. */
  timeoutMs?: number
  /** Bytes of an answer; 32 MiB unless told. */
  maxBytes?: number
  fetch?: typeof fetch
}

export interface PolledAlert {
  report: AlertReport
  /** The names of the receivers its routes lead to. */
  receivers: string[]
  /** `unprocessed` is not yet held against silences; `suppressed` is silenced or inhibited. */
  state: 'active' | 'suppressed' | 'unprocessed'
}

export interface AlertmanagerApi {
  /** Alerts that fire and that nobody silenced and nothing inhibits. Throws UpstreamError. */
  active(signal?: AbortSignal): Promise<PolledAlert[]>
  /** All that fire, the silenced and inhibited ones too. Throws UpstreamError. */
  firing(signal?: AbortSignal): Promise<PolledAlert[]>
}

const Listed = z.object({
  labels: z.record(z.string(), z.unknown()),
  fingerprint: z.string().min(1),
  startsAt: z.string(),
  status: z.object({ state: z.enum(['active', 'suppressed', 'unprocessed']) }),
  receivers: z.array(z.object({ name: z.string() })).default([]),
})

const vendor = 'Alertmanager'

/**
 * Asks Alertmanager what fires. Redirects are not followed and answers are bounded.
 * Source: https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml, `GET /alerts`.
 */
export function alertmanagerApi(options: ApiOptions): AlertmanagerApi {
  const ask = (muted: boolean, signal: AbortSignal | undefined) => list(options, muted, signal)
  return { active: (signal) => ask(false, signal), firing: (signal) => ask(true, signal) }
}

/** The names of all receivers there are. Throws UpstreamError. */
export async function receiverNames(options: ApiOptions): Promise<string[]> {
  const response = await call(options, `${options.url.replace(/\/+$/, '')}/api/v2/receivers`, undefined)
  if (response.status !== 200) throw await failureOf(response)
  const names = z
    .array(z.object({ name: z.string() }))
    .safeParse(parse(await readText(response, options.maxBytes ?? 1_048_576)))
  if (!names.success) throw unreadable('it has another shape', names.error)
  return names.data.map(({ name }) => name)
}

async function list(options: ApiOptions, muted: boolean, signal: AbortSignal | undefined): Promise<PolledAlert[]> {
  const response = await call(options, urlOf(options, muted), signal)
  if (response.status !== 200) throw await failureOf(response)
  const body = parse(await readText(response, options.maxBytes ?? 33_554_432))
  if (!Array.isArray(body)) throw unreadable('its answer is not a list')
  return body.map(toPolled)
}

function urlOf({ url, receiver }: ApiOptions, muted: boolean): string {
  const query = `active=true&silenced=${muted}&inhibited=${muted}`
  return `${url.replace(/\/+$/, '')}/api/v2/alerts?${query}${receiver ? `&receiver=${encodeURIComponent(receiver)}` : ''}`
}

async function call(options: ApiOptions, url: string, signal: AbortSignal | undefined): Promise<Response> {
  const { authorization, timeoutMs = 10_000, fetch: send = fetch } = options
  const deadline = AbortSignal.timeout(timeoutMs)
  try {
    return await send(url, {
      headers: { accept: 'application/json', ...(authorization ? { authorization } : {}) },
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    })
  } catch (cause) {
    const why = deadline.aborted ? `did not answer within ${timeoutMs} ms` : 'cannot be reached'
    throw new UpstreamError(`Alertmanager ${why}.`, { vendor, retryable: true, cause })
  }
}

async function failureOf(response: Response): Promise<UpstreamError> {
  await response.body?.cancel()
  const { status } = response
  const said =
    status >= 300 && status < 400
      ? 'sends us elsewhere; set ALERTMANAGER_URL to where it really is'
      : status === 401 || status === 403
        ? 'refuses our credentials'
        : `answered ${status}`
  return new UpstreamError(`Alertmanager ${said}.`, { vendor, status, retryable: status >= 500 || status === 429 })
}

async function readText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of response.body ?? []) {
      size += chunk.length
      // Leaving the loop cancels the body.
      if (size > maxBytes) break
      chunks.push(chunk)
    }
  } catch (cause) {
    throw new UpstreamError('Alertmanager broke off its answer.', { vendor, retryable: true, cause })
  }
  if (size > maxBytes) throw unreadable(`its answer is larger than ${maxBytes} bytes`)
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw unreadable('its answer is not JSON', cause)
  }
}

/** All or nothing: from a list with holes, alerts would seem to be over that are not. */
function toPolled(raw: unknown): PolledAlert {
  const parsed = Listed.safeParse(raw)
  if (!parsed.success) throw unreadable('an alert in its answer has another shape', parsed.error)
  const { receivers, status, labels } = parsed.data
  // Its `status` is an object here, and its `endsAt` a guess at the future.
  const report = toReport({ ...(raw as object), status: 'firing', labels }, 'firing')
  return { report, receivers: receivers.map(({ name }) => receiverName(name)), state: status.state }
}

function unreadable(why: string, cause?: unknown): UpstreamError {
  return new UpstreamError(`Alertmanager's list of alerts cannot be used: ${why}.`, { vendor, retryable: true, cause })
}
