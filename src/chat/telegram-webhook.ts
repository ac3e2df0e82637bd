import { createHash, timingSafeEqual } from 'node:crypto'
import type { Update } from 'grammy/types'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'

export const WEBHOOK_PATH = '/webhooks/telegram'

export interface TelegramWebhookDeps {
  /** What Telegram sends along with each update; TELEGRAM_WEBHOOK_SECRET. */
  secret: string
  /** Takes an update for good. Rejects when it must come again. */
  take: (update: Update) => Promise<void>
  onFailure: (error: unknown) => void
}

/** An update is a few KiB. */
const MAX_BYTES = 1_048_576

/**
 * `POST /webhooks/telegram` (https://core.telegram.org/bots/api#setwebhook): 401 before the body is read when the secret is
 * wrong, 200 when the update was taken, 503 when Telegram shall send it again.
 */
export function telegramWebhook({ secret, take, onFailure }: TelegramWebhookDeps): Hono {
  const expected = digest(secret)
  const app = new Hono()
  app.use(WEBHOOK_PATH, async (c, next) => {
    const given = c.req.header('x-telegram-bot-api-secret-token')
    if (!timingSafeEqual(digest(given ?? ''), expected)) return c.json({ error: 'The secret token is wrong.' }, 401)
    return await next()
  })
  app.post(WEBHOOK_PATH, bodyLimit({ maxSize: MAX_BYTES }), async (c) => {
    const update = readUpdate(await c.req.text())
    if (!update) return c.json({ error: 'This is not an update of the Bot API.' }, 400)
    try {
      await take(update)
      return c.json({ ok: true })
    } catch (error) {
      onFailure(error)
      return c.json({ error: 'Something went wrong here. Send it again.' }, 503, { 'Retry-After': '1' })
    }
  })
  app.all(WEBHOOK_PATH, (c) => c.json({ error: 'Telegram posts its updates here.' }, 405, { Allow: 'POST' }))
  return app
}

function readUpdate(body: string): Update | undefined {
  try {
    const value: unknown = JSON.parse(body)
    const known =
      typeof value === 'object' && value !== null && 'update_id' in value && Number.isSafeInteger(value.update_id)
    return known ? (value as Update) : undefined
  } catch {
    return undefined
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest()
}
