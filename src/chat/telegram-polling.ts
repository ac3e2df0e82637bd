import { type Api, GrammyError } from 'grammy'
import type { Update } from 'grammy/types'
import type { OutboxLog } from './outbox/deps.ts'
import { bell, resting } from './outbox/resting.ts'

/** What is asked for, and of webhooks too: presses, and messages for commands. */
export const ALLOWED_UPDATES = ['message', 'callback_query'] as const

export interface PollingDeps {
  api: Api
  /** Takes an update for good. Rejects when it must come again. */
  take: (update: Update) => Promise<void>
  log: OutboxLog
}

const LONG_POLL_SECONDS = 25
const RETRY_MS = 1_000
const CONFLICT_MS = 3_000
/** An update that cannot be taken is a bug in here after so many times, and must not hold up the others for a day. */
const TRIES = 30

type Batch = Update[] | 'failed'

/**
 * Asks for updates until `signal` aborts. An update is confirmed, by asking for what comes after it, only when it was
 * taken; until then Telegram keeps it for 24 hours and gives it to whoever asks next.
 * https://core.telegram.org/bots/api#getupdates
 */
export async function pollUpdates(deps: PollingDeps, signal: AbortSignal): Promise<void> {
  const { api, take, log } = deps
  const underWay = new Map<number, Promise<void>>()
  const tries = new Map<number, number>()
  const done = new Set<number>()
  const moved = bell()
  let next = 0
  await leaveWebhook(deps, signal)
  while (!signal.aborted) {
    const waiting = Math.min(...underWay.keys(), ...tries.keys())
    const offset = Math.min(waiting, next)
    const updates = await ask(offset, offset < next ? 0 : LONG_POLL_SECONDS)
    if (updates === 'failed') continue
    const fresh = updates.filter(({ update_id: id }) => !underWay.has(id) && !done.has(id))
    for (const update of fresh) start(update)
    for (const id of done) if (id < offset) done.delete(id)
    if (fresh.length === 0 && underWay.size + tries.size > 0) await moved.wait(200, signal)
  }
  await Promise.allSettled(underWay.values())

  function start(update: Update): void {
    const id = update.update_id
    next = Math.max(next, id + 1)
    const work = take(update)
      .then(
        () => finish(id),
        async (error: unknown) => {
          const count = (tries.get(id) ?? 0) + 1
          tries.set(id, count)
          log.warn({ err: error, update: id, count }, 'an update could not be taken')
          if (count >= TRIES) finish(id)
          else await resting(RETRY_MS, signal)
        },
      )
      .finally(() => {
        underWay.delete(id)
        moved.ring()
      })
    underWay.set(id, work)
  }

  function finish(id: number): void {
    tries.delete(id)
    done.add(id)
  }

  async function ask(offset: number, timeout: number): Promise<Batch> {
    try {
      const options = { offset, timeout, limit: 100, allowed_updates: ALLOWED_UPDATES }
      return await api.getUpdates(options, forGrammy(signal))
    } catch (error) {
      if (signal.aborted) return 'failed'
      const code = error instanceof GrammyError ? error.error_code : undefined
      if (code === 409) {
        log.error(
          {},
          'Another program asks Telegram for this bot’s updates, or a webhook is set. Stop it, or give this bot a token of its own.',
        )
        await leaveWebhook(deps, signal)
      } else log.warn({ err: error }, 'Telegram could not be asked for updates')
      const told = error instanceof GrammyError ? (error.parameters.retry_after ?? 0) * 1_000 : 0
      await resting(Math.max(told, code === 409 ? CONFLICT_MS : RETRY_MS), signal)
      return 'failed'
    }
  }
}

/** While a webhook is set, Telegram refuses to be asked. What it holds for us stays. */
async function leaveWebhook({ api, log }: PollingDeps, signal: AbortSignal): Promise<void> {
  try {
    await api.deleteWebhook({ drop_pending_updates: false }, forGrammy(signal))
  } catch (error) {
    if (!signal.aborted) log.warn({ err: error }, 'the webhook could not be taken away')
  }
}

type GrammySignal = NonNullable<Parameters<Api['getMe']>[0]>

/** grammY names the type of a package of its own, which Node's own signals fit at run time. */
export function forGrammy(signal: AbortSignal): GrammySignal {
  return signal as unknown as GrammySignal
}
