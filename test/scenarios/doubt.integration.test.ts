import { afterEach, expect, test } from 'vitest'
import { alice, bob, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { mending, restart, runbook } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ runbooks: mending, ...options })
}
afterEach(() => watch?.stop())

const shop = (...names: string[]) => names.map((name) => ({ namespace: 'shop', name }))
const change = /^PATCH .*\/deployments\//

test('an answer that is lost is settled by a look at the mark: it was done, once', async () => {
  await begin()
  const card = await watch.asked()
  watch.cluster.dropAnswer({ match: change })
  await card.press('approve', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects).toMatchObject([{ status: 'done', byProbe: true, attempt: 1 }])
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('a call that never arrived is made again under the same permit', async () => {
  await begin()
  const card = await watch.asked()
  watch.cluster.hang({ match: change })
  await card.press('approve', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects).toMatchObject([
    { status: 'failed', byProbe: true, attempt: 1 },
    { status: 'done', attempt: 2 },
  ])
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('a server killed in mid-call: nobody looks before the call can no longer land, and then it is done once', async () => {
  await begin({ grantTtlMs: 1_500 })
  const card = await watch.asked()
  watch.cluster.delayNext({ match: change, ms: 300 })
  await card.press('approve', bob)
  await watch.until((_view, state) => state === 'running')
  await watch.server.kill()
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects.filter(({ status }) => status === 'done')).toHaveLength(1)
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('what cannot be told is in doubt; Check again finds that it was done, and it is verified', async () => {
  await begin()
  await inDoubt()
  await watch.server.up()
  const doubt = await watch.card()
  expect(doubt.offers('check_again') && doubt.offers('run_again') && doubt.offers('abandon')).toBe(true)
  await doubt.press('check_again', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('in doubt and found done while the alert still fires: it goes on to be verified', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('check_again', bob)
  const verifying = await watch.until((_view, state) => state === 'verifying')
  expect(verifying.view.effects).toMatchObject([{ status: 'done', byProbe: true }])
})

test('in doubt, abandoned by a person: nothing more runs, and it counts for nobody', async () => {
  await begin()
  await inDoubt()
  const doubt = await watch.card()
  await doubt.press('abandon', bob)
  const end = await watch.until(({ incident }) => incident.outcome === 'abandoned')
  expect(end.view.incident.because).toBe('bob left it as it is.')
  expect(end.view.record).toEqual({ fixed: 0, notFixed: 0 })
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('in doubt, run again: it is asked for as another attempt of its own, and runs under that alone', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  const asked = await watch.until((view, state) => state === 'asked' && view.approval?.attempt === 2)
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
  await asked.press('reject', alice)
  const end = await watch.until((view) => view.approval?.status === 'rejected' && view.incident.status === 'watching')
  expect(end.view.effects.map(({ attempt, status }) => `${attempt} ${status}`)).toEqual(['1 in_doubt'])
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('two people press Run again, one of them on the card drawn in between: one question, and no standstill', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await watch.stopAgent()
  await (await watch.card()).press('run_again', bob)
  await (await watch.card()).press('run_again', alice)
  await watch.startAgent()
  const asked = await watch.until((view, state) => state === 'asked' && view.incident.wants === view.incident.served)
  expect(asked.view.approval).toMatchObject({ attempt: 2, status: 'pending' })
  expect(watch.complaints().filter((line) => line.includes('may not go'))).toEqual([])
})

test('the alert clears while another attempt is asked for: it ends in doubt, and is not said to have never run', async () => {
  await begin({ fault: 'crash-loop-stubborn' })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('run_again', bob)
  await watch.until((view) => view.approval?.attempt === 2)
  watch.cluster.heal('shop/cart')
  const end = await watch.closed()
  expect(end.view.incident.outcome).toBe('in_doubt')
})

test('a step in doubt that turns out done lets the plan go on: the next step is asked for, and runs', async () => {
  const steps = restart('deployment/cart', 'first') + restart('deployment/web', 'second')
  await begin({
    workloads: shop('cart', 'web'),
    runbooks: { mend: runbook({ steps }) },
    fault: 'crash-loop-stubborn',
  })
  await inDoubt()
  await watch.server.up()
  await (await watch.card()).press('check_again', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  await second.press('approve', bob)
  const after = await watch.until((_view, state) => state === 'verifying')
  expect(after.view.effects.filter(({ status }) => status === 'done').map(({ action }) => action)).toEqual([0, 1])
  expect(watch.cluster.restarts('shop/web')).toBe(1)
})

/** The change is made, its answer is lost, and the server is away when its mark is looked for. */
async function inDoubt(): Promise<void> {
  const card = await watch.asked()
  watch.cluster.dropAnswer({ match: change })
  await card.press('approve', bob)
  await watch.cluster.waitUntil(() => watch.cluster.restarts('shop/cart') === 1)
  await watch.server.down()
  await watch.until(({ incident }, state) => state === 'doubt' && incident.status === 'watching')
}
