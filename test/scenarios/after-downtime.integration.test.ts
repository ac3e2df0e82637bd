import { afterEach, expect, test } from 'vitest'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import { bob, startWatch, type Watch } from '../support/watch.ts'
import { mending } from './runbooks.ts'

let watch: Watch
let telegram: SimulatedTelegram | undefined
afterEach(async () => {
  await watch?.stop()
  await telegram?.stop()
  telegram = undefined
})

/** Longer than a runbook's window of 2 h, at the scale of these tests. */
const PAST_THE_WINDOW_MS = 200_000

test('the alert ended while the agent was away, within its window: it is fixed, however late that is heard', async () => {
  await approvedAndKilled('0.02')
  const [fired] = watch.alertmanager.deliveries()
  watch.alertmanager.resolve(fired?.payload.alerts[0]?.labels ?? {})
  await watch.alertmanager.waitForDelivery(({ payload }) => payload.status === 'resolved')
  await watch.pass(PAST_THE_WINDOW_MS)
  await watch.startAgent()
  const end = await watch.closed()
  expect(end.view.incident.outcome).toBe('fixed')
  expect(end.view.record).toEqual({ fixed: 1, notFixed: 0 })
})

test('nothing is heard of the alert after the agent was away: whether it helped cannot be told, and counts for nobody', async () => {
  telegram = await startTelegram()
  await approvedAndKilled('0.001', telegramEnv(telegram))
  await watch.pass(PAST_THE_WINDOW_MS)
  await watch.startAgent()
  const end = await watch.until(({ incident }) => incident.status === 'watching')
  expect(end.state).toBe('unknown')
  expect(end.view.record).toEqual({ fixed: 0, notFixed: 0 })
  expect(await watch.db.sql`select outcome, credit from trust`).toMatchObject([{ outcome: 'unknown', credit: 'none' }])
  expect(end.offers('again')).toBe(true)
  await expect
    .poll(
      () => telegram?.messages().some(({ silent, text }) => !silent && text.includes('Nobody knows whether it helped')),
      {
        timeout: 10_000,
      },
    )
    .toBe(true)
})

test('an agent that was there all the time knows that the alert still fires, though nobody repeats it', async () => {
  watch = await startWatch({ runbooks: mending })
  await approved()
  await watch.pass(PAST_THE_WINDOW_MS)
  const end = await watch.until(({ incident }) => incident.status === 'watching')
  expect(end.view.incident).toMatchObject({ outcome: 'not_fixed', because: 'The alert still fires.' })
})

async function approvedAndKilled(scale: string, env: Record<string, string> = {}): Promise<void> {
  watch = await startWatch({ runbooks: mending, process: true, env: { ...env, VERIFY_SCALE: scale } })
  await approved()
  await watch.killAgent()
}

/** What was approved ran and helped, but as far as anybody is told, the alert fires. */
async function approved(): Promise<void> {
  const card = await watch.asked()
  watch.holdAlerts()
  await card.press('approve', bob)
  await watch.until((_view, state) => state === 'verifying')
}

function telegramEnv({ token, chatId, url }: SimulatedTelegram): Record<string, string> {
  return {
    TELEGRAM_BOT_TOKEN: token,
    TELEGRAM_CHAT_ID: String(chatId),
    TELEGRAM_API_ROOT: url,
    TELEGRAM_RATE_PER_MINUTE: '0',
  }
}
