import { afterEach, expect, test } from 'vitest'
import { alice, anna, bob, startWatch, viewer, type Watch, type WatchOptions } from '../support/watch.ts'
import { memory, mending, restart, runbook, scaleTo } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ runbooks: mending, ...options })
}
afterEach(() => watch?.stop())

const standard = { mend: runbook({ ceiling: 'standard', steps: restart() }) }

test('a runbook that earned standard runs at once under NORMAL, and names the level that permits it', async () => {
  await begin({ runbooks: standard, fault: null })
  await watch.earn('standard')
  await watch.policy('NORMAL')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.approval).toBeNull()
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
  const [permit] = await watch.db.sql`select approval_id, level_change_id from authorizations`
  expect(permit).toMatchObject({ approval_id: null, level_change_id: 1 })
})

test('the same runbook asks under VERBOSE, once for the whole plan', async () => {
  await begin({ runbooks: standard, fault: null })
  await watch.earn('standard')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.asked()
  expect(card.view.approval).toMatchObject({ asks: 'one', because: 'this installation asks for everything' })
  expect(watch.cluster.changes()).toEqual([])
})

test('standard is never alone with scaling to nothing: two people are asked', async () => {
  await begin({ runbooks: { mend: runbook({ ceiling: 'standard', steps: scaleTo(0) }) }, fault: null })
  await watch.earn('standard')
  await watch.policy('NORMAL')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.asked()
  expect(card.view.approval).toMatchObject({ asks: 'two', because: 'it may cost data or service' })
  expect(watch.cluster.changes()).toEqual([])
})

test('a level belongs to the version that earned it: an edited runbook asks again', async () => {
  await begin({ runbooks: standard, fault: null })
  await watch.policy('NORMAL')
  await watch.db.sql`
    insert into level_changes (runbook_id, runbook_version, scope, level, by, because)
    values ('mend', 'another version', 'homelab', 'standard', 'alice', 'for a test')`
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  expect((await watch.asked()).view.approval?.because).toBe('it has not earned running by itself (level manual)')
})

test('in a protected namespace two people decide, one of them an admin', async () => {
  await begin({ env: { PROTECTED_NAMESPACES: 'shop' } })
  const card = await watch.asked()
  expect(card.view.approval).toMatchObject({ asks: 'two', because: 'the namespace shop is protected' })
  expect((await card.press('approve', viewer)).text).toBe('You may look, but not decide: your role is viewer.')
  expect((await card.press('approve', bob)).text).toBe('Noted. A second person must approve too.')
  expect((await card.press('approve', bob)).text).toBe('Your approval is in. A second person must approve too.')
  expect((await card.press('approve', anna)).text).toBe('Noted. One of the two must be an admin.')
  expect(watch.cluster.changes()).toEqual([])
  expect((await card.press('approve', alice)).text).toBe('Approved, running.')
  expect((await watch.closed()).state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('a watch of one types the name of the target and presses again a minute later', async () => {
  await begin({ env: { PROTECTED_NAMESPACES: 'shop', SECOND_PERSON: 'self' }, people: [alice] })
  const card = await watch.asked()
  expect(card.view.approval?.asks).toBe('self_two')
  await card.press('approve', alice, { typed: 'cart' })
  const confirm = await watch.until((_view, state) => state === 'confirm')
  expect((await confirm.press('confirm', alice)).text).toMatch(/^Wait (59|60) s more, then press Confirm\.$/)
  await watch.pass(60_000)
  expect((await confirm.press('confirm', alice)).text).toBe('Approved, running.')
  expect((await watch.closed()).state).toBe('fixed')
})

test('what one person confirmed alone does not run where two are asked for by now', async () => {
  await begin({ env: { PROTECTED_NAMESPACES: 'shop', SECOND_PERSON: 'self' }, people: [alice] })
  const card = await watch.asked()
  await watch.stopAgent()
  await card.press('approve', alice, { typed: 'cart' })
  await watch.pass(60_000)
  expect((await (await watch.card()).press('confirm', alice)).text).toBe('Approved, running.')
  await watch.startAgent({ SECOND_PERSON: 'required', PEOPLE: 'alice:1:admin, bob:2:operator' })
  const again = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(again.view.approval?.asks).toBe('two')
  expect(await refusals()).toEqual(['More is asked for by now: the namespace shop is protected.'])
  expect(watch.cluster.changes()).toEqual([])
})

test('frozen, nothing is even asked for, and the card says why', async () => {
  await begin({ fault: null })
  await watch.policy('FROZEN')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toBe('Refused: everything is frozen.')
  expect(watch.cluster.changes()).toEqual([])
})

test('a freeze between two steps stops before the second, and says what was done', async () => {
  const steps = restart('deployment/web', 'first') + restart('deployment/cart', 'second')
  let armed = true
  await begin({
    workloads: [
      { namespace: 'shop', name: 'cart' },
      { namespace: 'shop', name: 'web' },
    ],
    runbooks: { mend: runbook({ steps }) },
    fault: null,
    observe: () => async (point, work) => {
      const result = await work()
      if (point === 'tool:kubernetes.rollout_restart' && armed && watch.cluster.restarts('shop/web') === 1) {
        armed = false
        await watch.policy('FROZEN')
      }
      return result
    },
  })
  await watch.earn('prompted')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  await (await watch.asked()).press('approve', bob)
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(watch.cluster.restarts('shop/web')).toBe(1)
  expect(watch.cluster.restarts('shop/cart')).toBe(0)
  expect(card.view.incident.because).toBe('Step 2 of 2 did not succeed: Everything is frozen.')
  expect(card.view.effects.map(({ action, status }) => `${action} ${status}`)).toEqual(['0 done', '1 skipped'])
  expect(await refusals()).toEqual(['Everything is frozen.'])
})

test('a person who was taken off the list after approving has approved nothing', async () => {
  await begin()
  const card = await watch.asked()
  await watch.stopAgent()
  await card.press('approve', { name: 'mallory', telegramId: 6, role: 'admin' })
  await watch.startAgent()
  const again = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  expect(watch.cluster.changes()).toEqual([])
  expect(await refusals()).toEqual(['mallory may no longer decide.'])
  expect(again.view.approval?.status).toBe('pending')
})

test('two incidents on one workload: the second waits, and is planned anew when the first lets go', async () => {
  const second = runbook({ id: 'raise', alertnames: 'KubeContainerOOMKilled', steps: memory('384Mi') })
  await begin({ runbooks: { ...mending, raise: second }, fault: 'crash-loop-stubborn' })
  const card = await watch.asked()
  await card.press('approve', bob)
  await watch.until((_view, state) => state === 'verifying')
  watch.holdAlerts()
  watch.alertmanager.fire({
    alertname: 'KubeContainerOOMKilled',
    cluster: 'homelab',
    namespace: 'shop',
    deployment: 'cart',
  })
  const held = await watch.until(({ incident }) => incident.waitsFor === 1 || incident.status === 'waiting', 2)
  expect(held.view.incident.waitsFor).toBe(1)
  expect(held.offers('approve')).toBe(false)
  await watch.pass(3 * 3_600_000)
  await watch.until(({ incident }) => ['closed', 'watching'].includes(incident.status), 1)
  const free = await watch.asked(2)
  expect(free.view.incident.round).toBe(2)
  expect(free.view.plan?.body.actions[0]?.diff[0]).toMatchObject({ from: '256Mi', to: '384Mi' })
})

async function refusals(): Promise<string[]> {
  const rows = await watch.db.sql<{ because: string }[]>`
    select body->>'because' as because from ledger where kind = 'refused' order by seq`
  return rows.map(({ because }) => because)
}
