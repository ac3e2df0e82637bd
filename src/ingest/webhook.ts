import { type Context, Hono } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { UpstreamError } from '../domain/errors.ts'
import { readWebhook, type Webhook } from './alertmanager.ts'
import { readBody } from './body.ts'
import { type Credentials, credentialCheck } from './credentials.ts'
import type { IncidentIntake } from './intake.ts'
import type { Incomplete } from './left-out.ts'
import { RefusedPayload } from './payload.ts'

export type WebhookDeps = {
  intake: IncidentIntake
  /** Who may post. With none the route refuses everything. */
  credentials: Credentials
  /** Bytes of a body; 1 MiB unless told. */
  maxBodyBytes?: number
  /** Something of a group did not reach us and only a poll can find it; `left` alerts, where that is known. */
  onIncomplete?(reason: Incomplete, left?: number): void
  /** Told of each failure that is not the sender's. */
  onFailure?(error: unknown): void
}

/** Longer than a hiccup, shorter than the shortest group interval. */
const RETRY_AFTER_SECONDS = '5'

/**
 * `POST /webhooks/alertmanager`. Alertmanager tries again after a 5xx and gives up after a 4xx, so 4xx is only for what
 * would be as wrong the next time, and 2xx is said after the commit.
 *
 * 200 `{accepted, incidents}` · 400, 413 the body, in a sentence · 401 before the body is read · 503 with Retry-After.
 */
export function alertmanagerWebhook(deps: WebhookDeps): Hono {
  const check = credentialCheck(deps.credentials)
  const maxBytes = deps.maxBodyBytes ?? 1_048_576
  const app = new Hono()
  app.post('/webhooks/alertmanager', async (c) => {
    const refusal = check(c.req.header('authorization'))
    if (refusal)
      return refuse(c, 401, refusal, { 'WWW-Authenticate': 'Bearer realm="watchkeeper", Basic realm="watchkeeper"' })
    try {
      const webhook = readWebhook(await readBody(c.req.raw, maxBytes))
      return await accept(c, deps, webhook)
    } catch (error) {
      return answerTo(c, deps, error)
    }
  })
  app.all('/webhooks/alertmanager', (c) =>
    refuse(c, 405, 'Alertmanager posts its webhooks here; use POST.', { Allow: 'POST' }),
  )
  return app
}

async function accept(c: Context, { intake, onIncomplete }: WebhookDeps, webhook: Webhook): Promise<Response> {
  const { receiver } = webhook
  const reports = webhook.reports.map((report) => ({ ...report, receiver }))
  const { incidents } = await intake.take(reports, 'webhook')
  if (webhook.truncated > 0) onIncomplete?.('truncated', webhook.truncated)
  return c.json({ accepted: reports.length, incidents })
}

function answerTo(c: Context, { onIncomplete, onFailure }: WebhookDeps, error: unknown): Response {
  if (error instanceof RefusedPayload) {
    if (error.status === 413) onIncomplete?.('too_large')
    return refuse(c, error.status, error.message)
  }
  onFailure?.(error)
  const reason = error instanceof UpstreamError ? error.message : 'Something went wrong here.'
  return refuse(c, 503, `${reason} Nothing is lost: send it again.`, { 'Retry-After': RETRY_AFTER_SECONDS })
}

function refuse(
  c: Context,
  status: ContentfulStatusCode,
  error: string,
  headers: Record<string, string> = {},
): Response {
  return c.json({ error }, status, headers)
}
