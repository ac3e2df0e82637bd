import { afterEach, expect, test } from 'vitest'
import { alice, bob, type SeenCard, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { memory, restart, runbook, scaleTo } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch(options)
}
afterEach(() => watch?.stop())

const shop = (...names: string[]) => names.map((name) => ({ namespace: 'shop', name }))
const statuses = ({ view }: SeenCard) => view.effects.map(({ action, status }) => `${action} ${status}`)

test('at manual each step is asked for by itself, and a step that fails ends it: the rest is skipped, and offered', async () => {
  const steps =
    restart('deployment/web', 'first') + restart('deployment/cart', 'second') + scaleTo(2, 'deployment/web', 'third')
  await begin({ workloads: shop('cart', 'web'), runbooks: { mend: runbook({ steps }) } })
  await (await watch.asked()).press('approve', alice)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  watch.cluster.hang({ match: /^PATCH .*\/deployments\/cart/, times: 3 })
  await second.press('approve', bob)
  const partial = await watch.until((_view, state) => state === 'partial')
  expect(statuses(partial)).toEqual(['0 done', '1 failed', '1 failed', '1 failed', '2 skipped'])
  expect(partial.view.incident.because).toMatch(/^Step 2 of 3 did not succeed: /)

  await partial.press('rest', alice)
  const rest = await watch.until((view, state) => state === 'asked' && view.plan?.body.purpose === 'rest')
  expect(rest.view.plan?.body.actions.map(({ tool }) => tool)).toEqual([
    'kubernetes.rollout_restart',
    'kubernetes.scale',
  ])
  await rest.press('approve', alice)
  const last = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  await last.press('approve', alice)
  expect((await watch.closed()).state).toBe('fixed')
  expect(watch.cluster.restarts('shop/web')).toBe(1)
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('the rest of a plan that ran by itself is asked for, whatever its runbook has earned', async () => {
  const steps = restart('deployment/web', 'first') + restart('deployment/cart', 'second')
  const standard = { mend: runbook({ ceiling: 'standard', steps }) }
  await begin({ workloads: shop('cart', 'web'), runbooks: standard, fault: null })
  await watch.earn('standard')
  await watch.policy('NORMAL')
  watch.cluster.hang({ match: /^PATCH .*\/deployments\/cart/, times: 3 })
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const partial = await watch.until((_view, state) => state === 'partial')
  await partial.press('rest', alice)
  const rest = await watch.until((view) => view.plan?.body.purpose === 'rest' && view.incident.status !== 'open')
  expect(rest.state).toBe('asked')
  expect(watch.cluster.restarts('shop/cart')).toBe(0)
  await rest.press('approve', alice)
  expect((await watch.closed()).state).toBe('fixed')
})

test('the rest of a plan that a person changed says so, and goes on saying who', async () => {
  const steps = memory('384Mi', 'deployment/web', 'first') + restart('deployment/cart', 'second')
  await begin({ workloads: shop('cart', 'web'), runbooks: { mend: runbook({ steps }) } })
  await (await watch.asked()).press('modify', bob, { typed: 'memory=320Mi' })
  const edited = await watch.until((view, state) => state === 'asked' && view.incident.round === 2)
  await edited.press('approve', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  watch.cluster.hang({ match: /^PATCH .*\/deployments\/cart/, times: 3 })
  await second.press('approve', bob)
  await (await watch.until((_view, state) => state === 'partial')).press('rest', alice)
  const rest = await watch.until((view, state) => state === 'asked' && view.plan?.body.purpose === 'rest')
  expect(rest.view.plan?.body.edited).toEqual(edited.view.plan?.body.edited)
  expect(rest.view.plan).toMatchObject({ proposedBy: 'alice', body: { authors: ['bob'] } })
  expect(rest.card.lines).toContainEqual({ label: 'Changed', text: 'by bob: memory 320Mi instead of 384Mi' })
})

test('a first step that already helped: the second is not asked for any longer, and what ran is verified', async () => {
  const steps = restart('deployment/cart', 'first') + restart('deployment/web', 'second')
  await begin({ workloads: shop('cart', 'web'), runbooks: { mend: runbook({ steps }) } })
  await (await watch.asked()).press('approve', alice)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(statuses(end)[0]).toBe('0 done')
  expect(watch.cluster.restarts('shop/web')).toBe(0)
  expect(end.view.record).toEqual({ fixed: 0, notFixed: 0 })
})

test('a plan that began has the targets of all its steps: another incident waits for the later ones too', async () => {
  const steps = restart('deployment/web', 'first') + restart('deployment/cart', 'second')
  const other = runbook({ id: 'other', alertnames: 'CartSlow', steps: restart() })
  await begin({
    workloads: shop('cart', 'web'),
    runbooks: { mend: runbook({ steps }), other },
    fault: 'crash-loop-stubborn',
  })
  await (await watch.asked()).press('approve', alice)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  watch.alertmanager.fire({ alertname: 'CartSlow', cluster: 'homelab', namespace: 'shop', deployment: 'cart' })
  const held = await watch.until(({ incident }) => incident.waitsFor === 1 || incident.status === 'waiting', 2)
  expect(held.view.incident.waitsFor).toBe(1)
  await second.press('reject', alice)
  await watch.asked(2)
})

test('frozen between two steps that are asked for one by one, the plan ends there, and says what was done', async () => {
  const steps = restart('deployment/web', 'first') + restart('deployment/cart', 'second')
  let armed = true
  await begin({
    workloads: shop('cart', 'web'),
    runbooks: { mend: runbook({ steps }) },
    fault: 'crash-loop-stubborn',
    observe: () => async (point, work) => {
      if (point === 'node:authorize' && armed && watch.cluster.restarts('shop/web') === 1) {
        armed = false
        await watch.policy('FROZEN')
      }
      return await work()
    },
  })
  await (await watch.asked()).press('approve', alice)
  const partial = await watch.until((_view, state) => state === 'partial')
  expect(statuses(partial)).toEqual(['0 done', '1 skipped'])
  expect(partial.view.incident.because).toBe(
    'Step 2 of 2 did not succeed: it was refused, because everything is frozen.',
  )
})

test('at prompted one tap covers every step that one person may decide', async () => {
  const steps = restart('deployment/web', 'first') + restart('deployment/cart', 'second')
  await begin({ workloads: shop('cart', 'web'), runbooks: { mend: runbook({ steps }) }, fault: null })
  await watch.earn('prompted')
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.asked()
  expect(card.view.approval?.actions).toEqual([0, 1])
  await card.press('approve', bob)
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(statuses(end)).toEqual(['0 done', '1 done'])
})

test('out of memory: the limit is raised by half, and the alert stays away', async () => {
  await begin({ fault: null })
  watch.cluster.breakWorkload('shop/cart', 'oom', { needs: '300Mi' })
  const card = await watch.asked()
  expect(card.view.plan?.body.actions[0]).toMatchObject({ tool: 'kubernetes.set_resources', undoable: true })
  expect(card.card.block?.join('\n')).toContain('384Mi')
  await card.press('approve', bob)
  const verifying = await watch.until((_view, state) => state === 'verifying')
  expect(verifying.view.effects[0]?.status).toBe('done')
})

test('a change that was made is taken back by a tap and a question of its own', async () => {
  await begin({
    runbooks: { mend: runbook({ alertnames: 'KubeContainerOOMKilled', steps: memory('384Mi') }) },
    fault: null,
  })
  watch.cluster.breakWorkload('shop/cart', 'oom', { needs: '1Gi' })
  await (await watch.asked()).press('approve', bob)
  const verifying = await watch.until((_view, state) => state === 'verifying')
  await verifying.press('undo', bob)
  const undo = await watch.until((view, state) => state === 'asked' && view.plan?.body.purpose === 'undo')
  expect(undo.view.plan?.body.actions[0]?.diff).toEqual([expect.objectContaining({ from: '384Mi', to: '256Mi' })])
  expect(watch.cluster.changes()).toHaveLength(1)
  await undo.press('approve', bob)
  const after = await watch.until((view) => view.plan?.body.purpose === 'undo' && view.incident.status === 'watching')
  expect(watch.cluster.changes()).toHaveLength(2)
  expect(after.view.incident.because).toBe('The change was taken back.')
  expect(after.view.record).toEqual({ fixed: 0, notFixed: 0 })
})

test('a change can be taken back after the alert has cleared', async () => {
  await begin({
    runbooks: { mend: runbook({ alertnames: 'KubeContainerOOMKilled', steps: memory('384Mi') }) },
    fault: null,
  })
  watch.cluster.breakWorkload('shop/cart', 'oom', { needs: '300Mi' })
  await (await watch.asked()).press('approve', bob)
  const clear = await watch.until((view, state) => state === 'verifying' && view.firing === 0)
  await clear.press('undo', bob)
  const undo = await watch.until((view, state) => state === 'asked' && view.plan?.body.purpose === 'undo')
  await undo.press('approve', bob)
  await watch.until(
    (view) => view.plan?.body.purpose === 'undo' && view.effects.some(({ status }) => status === 'done'),
  )
  expect(watch.cluster.changes()).toHaveLength(2)
})

test('scaling is planned, asked for and done', async () => {
  await begin({ runbooks: { mend: runbook({ steps: scaleTo(2) + restart() }) } })
  const card = await watch.asked()
  expect(card.view.plan?.body.actions[0]).toMatchObject({ tool: 'kubernetes.scale', effect: 'write' })
  await card.press('approve', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  await second.press('approve', bob)
  expect((await watch.closed()).state).toBe('fixed')
})
