import { afterEach, expect, test } from 'vitest'
import { alice, bob, startWatch, type Watch, type WatchOptions } from '../support/watch.ts'

let watch: Watch
const begin = async (options: WatchOptions = {}) => {
  watch = await startWatch({ talos: {}, workloads: [], grantTtlMs: 3_000, ...options })
}
afterEach(() => watch?.stop())

test('a kubelet that is not healthy is restarted by one tap, and Talos finds it sound', async () => {
  await begin()
  watch.talos.breakService('worker-1', 'kubelet')
  const card = await watch.asked()
  expect(watch.talos.changes()).toEqual([])
  expect((await card.press('approve', bob)).text).toBe('Approved, running.')
  const end = await watch.closed()

  expect(end.state).toBe('fixed')
  expect(watch.talos.changes()).toMatchObject([{ call: 'ServiceRestart', node: 'worker-1' }])
  expect(watch.talos.serviceState('worker-1', 'kubelet')).toMatchObject({ state: 'Running', healthy: true })
  expect(await watch.audit()).toMatchObject({ ok: true })
  expect(watch.complaints()).toEqual([])
})

test('a phone shows the node, its cluster and exactly what would run', async () => {
  await begin()
  watch.talos.breakService('worker-1', 'kubelet')
  const { card } = await watch.asked()
  expect(card.title).toBe('Approve? worker-1 – the kubelet of a node is not healthy')
  expect(card.where).toMatch(/^worker-1 · homelab · 1 alert/)
  expect(card.block?.slice(1, 6)).toEqual([
    '1 talos.service_restart node worker-1',
    '  ⚠ Pods go on running while the kubelet restarts.',
    expect.stringMatching(/^ {2}- services\.kubelet\.started_at: 20/),
    '  + services.kubelet.started_at: the time it runs',
    '  service: kubelet',
  ])
  expect(card.block?.at(-1)).toMatch(/^Done means: sound, within .*; alert clear within /)
})

test('a restart that does not help is said not to have helped', async () => {
  await begin({ runbooks: { kubelet: impatient } })
  watch.talos.breakService('worker-1', 'kubelet', { stubborn: true })
  await (await watch.asked()).press('approve', bob)
  const end = await watch.until((_view, state) => state === 'not_fixed')
  expect(end.view.record).toEqual({ fixed: 0, notFixed: 1 })
})

test('the agent killed while the kubelet restarts: after its own restart it looks, and does it once', async () => {
  await begin({ process: true, talos: { serviceMs: 1_500 }, grantTtlMs: 4_000 })
  watch.talos.breakService('worker-1', 'kubelet')
  await (await watch.asked()).press('approve', bob)
  await watch.cluster.waitUntil(() => watch.talos.changes().length === 1)
  await watch.killAgent()
  await watch.startAgent()
  const end = await watch.closed()
  expect(end.state).toBe('fixed')
  expect(end.view.effects).toMatchObject([{ status: 'done', byProbe: true, attempt: 1 }])
  expect(watch.talos.changes()).toHaveLength(1)
})

test('a node that stopped reporting, and whose machine answers, gets its kubelet restarted', async () => {
  await begin({ talos: { namePrefix: 'talos-' } })
  const labels = { alertname: 'KubeNodeNotReady', node: 'talos-worker-1', severity: 'warning', cluster: 'homelab' }
  watch.cluster.setNodeReady('talos-worker-1', false)
  watch.alertmanager.fire(labels)
  await (await watch.asked()).press('approve', bob)
  await watch.until((_view, state) => state === 'verifying')
  expect(watch.talos.changes()).toMatchObject([{ call: 'ServiceRestart', node: 'talos-worker-1' }])
  watch.cluster.setNodeReady('talos-worker-1', true)
  watch.alertmanager.resolve(labels)
  expect((await watch.closed()).state).toBe('fixed')
})

test('a reboot that would cost etcd its quorum is not even proposed, and the card names the member', async () => {
  await begin({ runbooks: { reboot } })
  watch.talos.powerOff('cp-2')
  watch.alertmanager.fire({ alertname: 'NodeHung', node: 'cp-1', cluster: 'homelab' })
  const card = await watch.until(({ incident }) => incident.status === 'watching')
  expect(card.view.incident.because).toMatch(
    /^Nothing to propose\. talos\.reboot would not do it: Nothing was changed: etcd would lose its quorum without cp-1: 1 of 3/,
  )
  expect(card.view.incident.because).toContain('cp-2')
  expect(card.card.lines.map(({ text }) => text).join('\n')).toContain('etcd would lose its quorum without cp-1')
  expect(card.offers('approve')).toBe(false)
  expect(watch.talos.changes()).toEqual([])
})

test('a quorum that goes between the question and the answer stops the reboot that was approved', async () => {
  await begin({ runbooks: { reboot } })
  watch.alertmanager.fire({ alertname: 'NodeHung', node: 'cp-1', cluster: 'homelab' })
  const card = await watch.asked()
  watch.talos.powerOff('cp-2')
  await card.press('approve', bob)
  expect((await card.press('approve', alice)).text).toBe('Approved, running.')
  const after = await watch.until(({ incident }) => incident.status === 'watching' && incident.because !== null)
  expect(after.view.incident.because).toContain('etcd would lose its quorum without cp-1')
  expect(watch.talos.changes()).toEqual([])
})

test('an etcd member that is lost: people are told what to do, and nothing is ever proposed', async () => {
  await begin()
  watch.talos.powerOff('cp-3')
  watch.alertmanager.fire({ alertname: 'etcdMembersDown', job: 'kube-etcd', severity: 'critical', cluster: 'homelab' })
  const card = await watch.until(({ incident }) => incident.outcome === 'advised')
  expect(card.view.advice).toContain('leave the others alone')
  expect(card.view.findings.map(({ summary }) => summary).join(' ')).toContain('2 of 3 members healthy; 0 more may be')
  expect(card.offers('approve')).toBe(false)
  expect(watch.talos.changes()).toEqual([])
})

test('etcd full of holes: a snapshot, then the defragmentation, each asked for, by the name of the node', async () => {
  await begin()
  watch.alertmanager.fire({
    alertname: 'etcdDatabaseHighFragmentationRatio',
    instance: '10.5.0.12:2381',
    cluster: 'homelab',
  })
  const card = await watch.asked()
  expect(card.view.plan?.body.actions.map(({ tool, target }) => `${tool} ${target.name}`)).toEqual([
    'talos.etcd_snapshot cp-2',
    'talos.etcd_defrag cp-2',
  ])
  await card.press('approve', bob)
  const second = await watch.until((view, state) => state === 'asked' && view.approval?.actions[0] === 1)
  expect(second.view.approval?.asks).toBe('two')
  expect(second.view.effects).toMatchObject([{ status: 'done' }])
})

/** What a person might write for a node that hangs: the preflight of the tool is what stands between it and the quorum. */
const reboot = `---
id: reboot
title: A node hangs
match:
  alertnames: [NodeHung]
ceiling: manual
inputs:
  node: { from: alert.labels.node, format: node-name }
checks:
  - id: there
    tool: talos.node_describe
    args: { node: "\${inputs.node}" }
steps:
  - id: reboot
    tool: talos.reboot
    args: { node: "\${inputs.node}" }
    rollback: { none: "a reboot cannot be taken back" }
verify:
  - tool: talos.node_describe
    args: { node: "\${inputs.node}" }
    expect: result.ready
    within: 1h
---

# A node hangs

Reboot it.
`

const impatient = `---
id: kubelet
title: The kubelet is not healthy
match:
  alertnames: [TalosServiceUnhealthy]
ceiling: prompted
inputs:
  node: { from: alert.labels.node, format: node-name }
checks:
  - id: kubelet
    tool: talos.services
    args: { node: "\${inputs.node}", service: kubelet }
    expect: "!result.sound"
steps:
  - id: restart
    tool: talos.service_restart
    args: { node: "\${inputs.node}", service: kubelet }
    rollback: { none: "a restart cannot be taken back" }
verify:
  - tool: talos.services
    args: { node: "\${inputs.node}", service: kubelet }
    expect: result.sound
    within: 5m
---

# The kubelet is not healthy

Restart it.
`
