import { afterEach, expect, test } from 'vitest'
import { alice, bob, type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { memory, mending, runbook } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ runbooks: mending, ...options })
}
afterEach(() => watch?.stop())

test('Snooze and then Approve, before the agent has taken in the first: it runs, is verified, and nothing stands still', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  const card = await watch.asked()
  await watch.stopAgent()
  await card.press('snooze', bob, { params: { minutes: 60 } })
  await card.press('approve', alice)
  await watch.startAgent()
  const after = await watch.until(({ incident }) => ['verifying', 'snoozed'].includes(incident.status))
  await watch.until(({ incident }) => incident.wants === incident.served)
  expect(stuck(watch)).toEqual([])
  expect(watch.cluster.restarts('shop/cart')).toBe(after.view.incident.status === 'verifying' ? 1 : 0)
})

test('Undo, pressed by two people on two drawings of the card, is one question', async () => {
  await begin({
    runbooks: { mend: runbook({ alertnames: 'KubeContainerOOMKilled', steps: memory('384Mi') }) },
    fault: null,
  })
  watch.cluster.breakWorkload('shop/cart', 'oom', { needs: '1Gi' })
  await (await watch.asked()).press('approve', bob)
  await watch.until((_view, state) => state === 'verifying')
  await watch.stopAgent()
  await (await watch.card()).press('undo', bob)
  await (await watch.card()).press('undo', alice)
  await watch.startAgent()
  const asked = await watch.until(
    (view) =>
      view.plan?.body.purpose === 'undo' &&
      view.approval?.status === 'pending' &&
      view.incident.wants === view.incident.served,
  )
  await asked.press('approve', alice)
  await watch.until(
    (view) => view.plan?.body.purpose === 'undo' && view.effects.some(({ status }) => status === 'done'),
  )
  expect(watch.cluster.changes()).toHaveLength(2)
  expect(stuck(watch)).toEqual([])
})

test('Undo after the incident is closed is asked for, approved and done', async () => {
  await begin({
    runbooks: { mend: runbook({ alertnames: 'KubeContainerOOMKilled', steps: memory('384Mi') }) },
    fault: null,
  })
  watch.cluster.breakWorkload('shop/cart', 'oom', { needs: '300Mi' })
  await (await watch.asked()).press('approve', bob)
  const fixed = await watch.closed()
  expect(fixed.state).toBe('fixed')
  await fixed.press('undo', bob)
  const asked = await watch.until((view, state) => state === 'asked' && view.plan?.body.purpose === 'undo')
  await asked.press('approve', bob)
  await watch.until(
    (view) => view.plan?.body.purpose === 'undo' && view.effects.some(({ status }) => status === 'done'),
  )
  expect(watch.cluster.changes()).toHaveLength(2)
})

test('an alert that fires again between verdict and record is not called fixed', async () => {
  let armed = true
  let cards: SeenCard[] = []
  await begin({
    observe: () => async (point, work) => {
      if (point === 'node:record' && armed) {
        armed = false
        const before = await watch.card()
        cards = [before]
        watch.cluster.breakWorkload('shop/cart', 'crash-loop-stubborn')
        await watch.until(({ firing }) => firing > 0)
      }
      return work()
    },
  })
  await (await watch.asked()).press('approve', bob)
  await watch.until(() => cards.length === 1)
  await watch.until(({ incident }) => incident.wants === incident.served)
  const after = await watch.card()
  expect(after.view.firing).toBeGreaterThan(0)
  expect(after.state).not.toBe('fixed')
  expect(after.view.record).toEqual({ fixed: 0, notFixed: 0 })
})

test('the same alert, told once more after its end, opens the incident again in a new round', async () => {
  await begin()
  await (await watch.asked()).press('approve', bob)
  await watch.closed()
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  watch.holdAlerts()
  const [first] = watch.alertmanager.deliveries()
  if (!first) throw new Error('nothing was delivered')
  await watch.alertmanager.redeliver(first)
  const again = await watch.until(({ incident }) => incident.round === 2 && incident.status !== 'closed')
  expect(again.view.alerts.some(({ contradicted }) => contradicted)).toBe(true)
  expect(await watch.incidents()).toEqual([1])
})

test('a workload that breaks again later is a new incident', async () => {
  await begin()
  await (await watch.asked()).press('approve', bob)
  await watch.closed()
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  await (await watch.asked(2)).press('approve', bob)
  await watch.closed(2)
  expect(watch.cluster.restarts('shop/cart')).toBe(2)
})

/** Steps of an incident that failed and will fail again: a graph that cannot move. */
function stuck({ complaints }: Watch): string[] {
  return complaints().filter((line) => /cannot go from|may not go to|does not exist/.test(line))
}
