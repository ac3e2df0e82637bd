import { afterEach, expect, test } from 'vitest'
import { alice, anna, bob, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { mending } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ runbooks: mending, ...options })
}
afterEach(() => watch?.stop())

test('a crash loop is fixed by one tap, verified and written down', async () => {
  await begin()
  const card = await watch.asked()
  expect(watch.cluster.restarts('shop/cart')).toBe(0)

  expect(await card.press('approve', bob)).toEqual({ text: 'Approved, running.', alert: false })
  const end = await watch.closed()

  expect(end.state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
  expect(watch.cluster.changes()).toHaveLength(1)
  expect(end.view.record).toEqual({ fixed: 1, notFixed: 0 })
  expect(await watch.audit()).toMatchObject({ ok: true })
  expect(await kindsOf(watch)).toEqual(['decided', 'ran', 'outcome'])
  expect(watch.complaints()).toEqual([])
})

test('an approval pressed by three people at once, again and again, runs the plan once', async () => {
  await begin()
  const card = await watch.asked()
  const people = Array.from({ length: 24 }, (_, at) => [alice, bob, anna][at % 3] ?? alice)
  const answers = await Promise.all(people.map((person) => card.press('approve', person)))
  await watch.closed()
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
  const [first, ...others] = [...new Set(answers.map(({ text }) => text))].sort()
  expect(first).toBe('Approved, running.')
  expect(others).toHaveLength(1)
  expect(others[0]).toMatch(/^(alice|bob|anna) approved this already\.$/)
  expect(answers.filter(({ text }) => text === first)).toHaveLength(1)
})

test('a rejected plan does not run, and the card offers another', async () => {
  await begin()
  const card = await watch.asked()
  expect((await card.press('reject', bob)).text).toBe('Rejected. Nothing runs.')
  const after = await watch.until((_view, state) => state === 'rejected')
  expect(after.offers('approve')).toBe(false)
  expect((await card.press('approve', alice)).text).toBe('bob rejected this already.')
  await after.press('again', alice)
  const second = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  await second.press('approve', alice)
  await watch.closed()
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('silence is no: an expired question runs nothing, and a new plan can be asked for', async () => {
  await begin()
  const card = await watch.asked()
  await watch.pass(61 * 60_000)
  expect((await card.press('approve', alice)).text).toBe(
    'This has expired, and nothing ran. Ask for a new plan on the card.',
  )
  const after = await watch.until((_view, state) => state === 'expired')
  expect(watch.cluster.changes()).toHaveLength(0)
  await after.press('again', alice)
  const second = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect((await card.press('approve', alice)).text).toBe(
    'This has expired, and nothing ran. Ask for a new plan on the card.',
  )
  await second.press('approve', alice)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('an alert that clears by itself takes its question away', async () => {
  await begin()
  const card = await watch.asked()
  watch.cluster.heal('shop/cart')
  const end = await watch.closed()
  expect(end.view.incident.outcome).toBe('self_resolved')
  expect((await card.press('approve', alice)).text).toBe('This was withdrawn: the alert has cleared by itself.')
  expect(watch.cluster.changes()).toHaveLength(0)
  expect(end.view.record).toEqual({ fixed: 0, notFixed: 0 })
})

test('snoozed, it asks again on waking; ignored, it stays quiet until the alert ends', async () => {
  await begin()
  const card = await watch.asked()
  expect((await card.press('snooze', bob, { params: { minutes: 60 } })).text).toBe('Quiet for 1 h, then I look again.')
  const asleep = await watch.until((_view, state) => state === 'snoozed')
  expect((await card.press('approve', bob)).text).toBe('A newer plan has taken its place. Use the newest card.')
  expect(asleep.view.incident.snoozedUntil?.getTime()).toBeGreaterThan(asleep.view.now.getTime() + 59 * 60_000)
  await watch.pass(61 * 60_000)
  const awake = await watch.asked()
  expect(awake.view.incident.round).toBe(2)
  await awake.press('ignore', bob)
  await watch.until((_view, state) => state === 'ignored')
  watch.cluster.heal('shop/cart')
  const end = await watch.closed()
  expect(end.view.incident.outcome).toBe('ignored')
  expect(watch.cluster.changes()).toHaveLength(0)
})

test('taken by somebody, it says so and can still be approved', async () => {
  await begin()
  const card = await watch.asked()
  expect((await card.press('taken', anna)).text).toBe('It is yours. The others see it on the card.')
  const taken = await watch.card()
  expect(taken.view.incident.takenBy).toBe('anna')
  await taken.press('approve', bob)
  expect((await watch.closed()).state).toBe('fixed')
})

test('an agent that restarts with a question open takes the press of the old card, once', async () => {
  await begin()
  const card = await watch.asked()
  await watch.stopAgent()
  expect((await card.press('approve', alice)).text).toBe('Approved, running.')
  expect((await card.press('approve', bob)).text).toBe('alice approved this already.')
  await watch.startAgent()
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

async function kindsOf({ db }: Watch): Promise<string[]> {
  const rows = await db.sql<{ kind: string }[]>`select kind from ledger order by seq`
  return rows.map(({ kind }) => kind)
}
