import { afterEach, expect, test } from 'vitest'
import { bob, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'
import { mending, restart, runbook } from './runbooks.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ runbooks: mending, ...options })
}
afterEach(() => watch?.stop())

test('no runbook is for the alert: people are told, and it closes when the alert ends', async () => {
  await begin({ runbooks: { mend: runbook({ alertnames: 'SomethingElse', steps: restart() }) } })
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toBe('No runbook is for this alert.')
  expect(card.offers('again')).toBe(true)
  watch.cluster.heal('shop/cart')
  const end = await watch.closed()
  expect(end.view.incident).toMatchObject({ outcome: 'self_resolved', because: 'The alert cleared by itself.' })
})

test('a check that does not hold: nothing is proposed, and the card says which', async () => {
  const doubtful = runbook({ steps: restart() }).replace('steps:', '    expect: result.desired > 100\nsteps:')
  await begin({ runbooks: { mend: doubtful } })
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toMatch(
    /^Nothing to propose\. Cart is not well: The check rollout does not hold: /,
  )
  expect(watch.cluster.changes()).toEqual([])
})

test('a dry run that is refused: nothing is proposed, and the card says why', async () => {
  await begin({ runbooks: { mend: runbook({ steps: restart('deployment/gone') }) } })
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toMatch(
    /^Nothing to propose\. kubernetes\.rollout_restart would not do it: .*gone/,
  )
})

test('the MCP server is down: people are told, and Plan again works once it is back', async () => {
  await begin({ fault: null })
  await watch.server.down()
  watch.cluster.breakWorkload('shop/cart', 'crash-loop')
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toMatch(/The check rollout got no answer: The kubernetes server cannot be used/)
  await watch.server.up()
  await card.press('again', bob)
  await (await watch.asked()).press('approve', bob)
  expect((await watch.closed()).state).toBe('fixed')
})

test('the MCP server goes away between card and press: nothing ran, and the next plan runs once', async () => {
  await begin()
  const card = await watch.asked()
  await watch.server.down()
  await card.press('approve', bob)
  const after = await watch.until(({ incident }) => incident.status === 'watching')
  expect(after.view.incident.because).toBe('kubernetes.rollout_restart cannot be used now. Nothing ran.')
  await watch.server.up()
  await after.press('again', bob)
  await (await watch.until((view, state) => state === 'asked' && view.incident.round === 2)).press('approve', bob)
  expect((await watch.closed()).state).toBe('fixed')
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})

test('what was done does not help: the card says so, loudly, and counts it as a failure', async () => {
  const short = `
  - tool: kubernetes.rollout_status
    args: { namespace: "\${inputs.namespace}", workload: deployment/cart }
    expect: result.available
    within: 5m
  - alert: cleared
    within: 10m
    for: 3m`
  await begin({ runbooks: { mend: runbook({ steps: restart(), verify: short }) }, fault: 'crash-loop-stubborn' })
  await (await watch.asked()).press('approve', bob)
  const end = await watch.until((_view, state) => state === 'not_fixed')
  expect(end.view.record).toEqual({ fixed: 0, notFixed: 1 })
  expect(end.offers('again')).toBe(true)
  expect(watch.cluster.restarts('shop/cart')).toBe(1)
})
