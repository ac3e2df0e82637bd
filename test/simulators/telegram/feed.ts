import { ApiRefusal } from './params.ts'
import type { Update } from './types.ts'

export interface Webhook {
  url: string
  secret: string | undefined
  allowed: string[] | undefined
  maxConnections: number
}

export interface Poll {
  offset: number
  limit: number
  timeoutMs: number
  allowed: string[] | undefined
  /** aborted when the poller hangs up */
  signal: AbortSignal
}

/** How one delivery of one update went, for the oracle. */
export interface Delivery {
  update_id: number
  kind: string
  by: 'webhook' | 'polling'
  attempt: number
  status: number | string
}

export interface FeedOptions {
  /** first pause before a webhook is tried again; doubles up to `capMs` */
  backoff: { firstMs: number; capMs: number }
  webhookTimeoutMs: number
  onDelivery(delivery: Delivery): void
  /** a 2xx answer of a webhook may carry a method call */
  onWebhookReply(reply: Record<string, unknown>): void
}

/** Updates on their way to the bot, by webhook or by getUpdates, at least once and until confirmed. */
export interface Feed {
  push(kind: string, body: Record<string, unknown>): Update
  /** Sends an update that was sent before once more, `times` times at once. */
  redeliver(updateId: number, times: number): Promise<void>
  poll(poll: Poll): Promise<Update[]>
  setWebhook(webhook: Webhook | undefined, dropPending: boolean): void
  info(): Record<string, unknown>
  /** every update ever made, oldest first */
  all(): Update[]
  stop(): void
}

const conflict = (reason: string) => new ApiRefusal(409, `Conflict: ${reason}`)

export function createFeed({ backoff, webhookTimeoutMs, onDelivery, onWebhookReply }: FeedOptions): Feed {
  const history = new Map<number, Update>()
  let pending: Update[] = []
  let again: Update[] = []
  let webhook: Webhook | undefined
  let allowed: string[] | undefined
  let waiting: { wake(): void; refuse(error: ApiRefusal): void } | undefined
  let lastError: { at: number; message: string } | undefined
  let lastId = 700_000_000
  let stopped = false
  const inFlight = new Set<number>()

  function take(limit: number): Update[] {
    const batch = [...again, ...pending].slice(0, limit)
    again = again.slice(Math.min(batch.length, again.length))
    for (const update of batch) {
      onDelivery({ update_id: update.update_id, kind: kindOf(update), by: 'polling', attempt: 1, status: 200 })
    }
    return batch
  }

  function poll({ offset, limit, timeoutMs, allowed: kinds, signal }: Poll): Promise<Update[]> {
    if (webhook) {
      const advice =
        "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
      throw conflict(advice)
    }
    waiting?.refuse(conflict('terminated by other getUpdates request; make sure that only one bot instance is running'))
    if (kinds) allowed = kinds
    if (offset < 0) pending = pending.slice(offset)
    else pending = pending.filter(({ update_id }) => update_id >= offset)
    if (pending.length + again.length > 0 || timeoutMs <= 0) return Promise.resolve(take(limit))
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => end(() => resolve([])), timeoutMs)
      const hungUp = () => end(() => resolve([]))
      const mine = {
        wake: () => end(() => resolve(take(limit))),
        refuse: (error: ApiRefusal) => end(() => reject(error)),
      }
      function end(settle: () => void): void {
        clearTimeout(timer)
        signal.removeEventListener('abort', hungUp)
        if (waiting === mine) waiting = undefined
        settle()
      }
      signal.addEventListener('abort', hungUp)
      waiting = mine
    })
  }

  async function post(update: Update, to: Webhook, attempt: number): Promise<{ ok: boolean; waitMs: number }> {
    const note = (status: number | string) =>
      onDelivery({ update_id: update.update_id, kind: kindOf(update), by: 'webhook', attempt, status })
    try {
      const response = await fetch(to.url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          ...(to.secret === undefined ? {} : { 'x-telegram-bot-api-secret-token': to.secret }),
        },
        body: JSON.stringify(update),
        signal: AbortSignal.timeout(webhookTimeoutMs),
      })
      const text = await response.text()
      note(response.status)
      if (response.ok) {
        const reply = asCall(text)
        if (reply) onWebhookReply(reply)
        return { ok: true, waitMs: 0 }
      }
      lastError = { at: Date.now(), message: `Wrong response from the webhook: ${response.status}` }
      return { ok: false, waitMs: Number(response.headers.get('retry-after') ?? 0) * 1000 }
    } catch (error) {
      const message =
        error instanceof Error && error.name === 'TimeoutError' ? 'Read timeout expired' : 'Connection failed'
      note(message)
      lastError = { at: Date.now(), message }
      return { ok: false, waitMs: 0 }
    }
  }

  async function deliver(update: Update, to: Webhook): Promise<void> {
    let pause = backoff.firstMs
    for (let attempt = 1; webhook === to && !stopped && pending.includes(update); attempt += 1) {
      const { ok, waitMs } = await post(update, to, attempt)
      if (ok) {
        pending = pending.filter((other) => other !== update)
        break
      }
      await sleep(Math.max(waitMs, pause))
      pause = Math.min(pause * 2, backoff.capMs)
    }
    inFlight.delete(update.update_id)
    pump()
  }

  function pump(): void {
    const to = webhook
    if (!to || stopped) return
    for (const update of pending) {
      if (inFlight.size >= to.maxConnections) return
      if (inFlight.has(update.update_id)) continue
      inFlight.add(update.update_id)
      void deliver(update, to)
    }
  }

  return {
    push(kind, body) {
      lastId += 1
      const update: Update = { update_id: lastId, [kind]: body }
      history.set(lastId, update)
      if (allowed && allowed.length > 0 && !allowed.includes(kind)) return update
      pending.push(update)
      waiting?.wake()
      pump()
      return update
    },
    async redeliver(updateId, times) {
      const update = history.get(updateId)
      if (!update) throw new Error(`There was no update ${updateId}; redeliver one that press() or say() returned.`)
      const to = webhook
      if (to) {
        await Promise.all(Array.from({ length: times }, () => post(update, to, 1)))
        return
      }
      again.push(...Array.from({ length: times }, () => update))
      waiting?.wake()
    },
    poll,
    setWebhook(next, dropPending) {
      if (dropPending) pending = []
      webhook = next
      lastError = undefined
      if (!next) return
      if (next.allowed) allowed = next.allowed
      waiting?.refuse(conflict('terminated by setWebhook request'))
      inFlight.clear()
      pump()
    },
    info: () => ({
      url: webhook?.url ?? '',
      has_custom_certificate: false,
      pending_update_count: pending.length,
      ...(webhook ? { max_connections: webhook.maxConnections, ip_address: '127.0.0.1' } : {}),
      ...(lastError ? { last_error_date: Math.floor(lastError.at / 1000), last_error_message: lastError.message } : {}),
      ...(allowed && allowed.length > 0 ? { allowed_updates: allowed } : {}),
    }),
    all: () => [...history.values()],
    stop() {
      stopped = true
      waiting?.refuse(new ApiRefusal(502, 'Bad Gateway'))
    },
  }
}

function kindOf(update: Update): string {
  return Object.keys(update).find((key) => key !== 'update_id') ?? 'unknown'
}

function asCall(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    const call = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
    return typeof call.method === 'string' ? call : undefined
  } catch {
    return undefined
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
