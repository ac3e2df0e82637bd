import { afterEach, beforeEach, expect, test } from 'vitest'
import { type SimulatedTelegram, startTelegram } from '../simulators/telegram/server.ts'
import { startWatch, type Watch } from '../support/watch.ts'

let watch: Watch
let telegram: SimulatedTelegram

beforeEach(async () => {
  telegram = await startTelegram()
  const env = {
    TELEGRAM_BOT_TOKEN: telegram.token,
    TELEGRAM_CHAT_ID: String(telegram.chatId),
    TELEGRAM_API_ROOT: telegram.url,
    TELEGRAM_RATE_PER_MINUTE: '0',
  }
  watch = await startWatch({ fault: null, env })
  await watch.app.parts()
})
afterEach(async () => {
  await watch?.stop()
  await telegram?.stop()
})

/** No runbook is for it, so that nothing is asked, which would buzz as well. */
const labels = (severity: string, pod = 'cart-0') => ({
  alertname: 'CartSlow',
  namespace: 'shop',
  deployment: 'cart',
  severity,
  pod,
})

const loud = () => telegram.messages().filter(({ silent }) => !silent)

/** What is on its way to people has arrived. */
async function told(): Promise<void> {
  await watch.until(({ incident }) => incident.wants === incident.served)
  await expect
    .poll(() => watch.db.sql`select 1 from outbox where sent_at is null or sending_since is not null`, {
      timeout: 10_000,
    })
    .toHaveLength(0)
}

test('a new critical incident buzzes once', async () => {
  watch.alertmanager.fire(labels('critical'))
  await told()
  expect(loud()).toHaveLength(1)
  watch.alertmanager.fire(labels('critical', 'cart-1'))
  await expect.poll(() => watch.db.sql`select 1 from alerts`, { timeout: 10_000 }).toHaveLength(2)
  await told()
  expect(loud()).toHaveLength(1)
})

test('a critical alert that joins an incident that was none buzzes', async () => {
  watch.alertmanager.fire(labels('warning'))
  await told()
  expect(telegram.messages()).toHaveLength(1)
  expect(loud()).toEqual([])
  watch.alertmanager.fire(labels('critical', 'cart-1'))
  await watch.until(({ incident }) => incident.severity === 'critical')
  await told()
  expect(loud()).toHaveLength(1)
  expect(loud()[0]?.text).toMatch(/^🔴 Critical: /)
  expect(await watch.incidents()).toEqual([1])
})

test('a critical incident that opens again buzzes again', async () => {
  const { startsAt } = watch.alertmanager.fire(labels('critical'))
  await told()
  watch.alertmanager.resolve(labels('critical'))
  await watch.closed()
  await told()
  expect(loud()).toHaveLength(1)
  watch.alertmanager.fire(labels('critical'), {}, { startsAt })
  await watch.until(({ incident }) => incident.round === 2)
  await told()
  expect(loud()).toHaveLength(2)
})

test('a critical incident that opens again with a warning alone is silent, until what is critical fires in it again', async () => {
  const warning = watch.alertmanager.fire(labels('warning'))
  await told()
  const critical = watch.alertmanager.fire(labels('critical', 'cart-1'))
  await watch.until(({ incident }) => incident.severity === 'critical')
  await told()
  watch.alertmanager.resolve(labels('warning'))
  watch.alertmanager.resolve(labels('critical', 'cart-1'))
  await watch.closed()
  await told()
  expect(loud()).toHaveLength(1)
  watch.alertmanager.fire(labels('warning'), {}, { startsAt: warning.startsAt })
  await watch.until(({ incident }) => incident.round === 2)
  await told()
  expect(loud()).toHaveLength(1)
  watch.alertmanager.fire(labels('critical', 'cart-1'), {}, { startsAt: critical.startsAt })
  await watch.until(({ incident }) => incident.severity === 'critical')
  await told()
  expect(loud()).toHaveLength(2)
  expect(await watch.incidents()).toEqual([1])
})
