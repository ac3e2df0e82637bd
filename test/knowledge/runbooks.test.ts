import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { holds } from '../../src/knowledge/conditions.ts'
import { resolveInputs } from '../../src/knowledge/inputs.ts'
import { lookupRunbooks } from '../../src/knowledge/lookup.ts'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { lintRunbook } from '../../src/knowledge/runbook-lint.ts'
import { renderArgs } from '../../src/knowledge/templates.ts'
import { publishedTools } from './published-tools.ts'
import { said } from './sample.ts'

const { runbooks, problems } = await loadRunbookFolder(fileURLToPath(new URL('../../runbooks', import.meta.url)))

test('all twelve can be read', () => {
  expect(problems).toEqual([])
  expect(runbooks.map(({ id }) => id)).toEqual([
    'etcd-database-large',
    'etcd-member-lost',
    'guest-down',
    'guest-hung',
    'image-pull-failing',
    'kubelet-unhealthy',
    'node-not-ready',
    'persistent-volume-filling',
    'pod-crash-looping',
    'pod-oom-killed',
    'rollout-stuck',
    'storage-nearly-full',
  ])
})

test.each(runbooks.map((runbook) => [runbook.id, runbook] as const))('%s lints clean', (_, runbook) => {
  const found = lintRunbook(runbook, publishedTools())
  expect(found.map(said)).toEqual([])
})

test.each([
  [{ alertname: 'KubePodCrashLooping', namespace: 'media', pod: 'radarr-1' }, ['pod-crash-looping', 'pod-oom-killed']],
  [{ alertname: 'KubePodCrashLooping', namespace: 'kube-system', pod: 'x' }, []],
  [
    { alertname: 'KubeContainerWaiting', namespace: 'media', pod: 'x', reason: 'ImagePullBackOff' },
    ['image-pull-failing'],
  ],
  [{ alertname: 'KubeContainerWaiting', namespace: 'media', pod: 'x', reason: 'CrashLoopBackOff' }, []],
  [{ alertname: 'KubePodNotReady', namespace: 'media', pod: 'x' }, ['image-pull-failing']],
  [{ alertname: 'KubeDeploymentRolloutStuck', namespace: 'media', deployment: 'radarr' }, ['rollout-stuck']],
  [{ alertname: 'KubeNodeNotReady', node: 'talos-w2' }, ['node-not-ready']],
  [
    { alertname: 'KubePersistentVolumeFillingUp', namespace: 'media', persistentvolumeclaim: 'db' },
    ['persistent-volume-filling'],
  ],
  [{ alertname: 'etcdDatabaseQuotaLowSpace', instance: '10.5.0.2:2381' }, ['etcd-database-large']],
  [{ alertname: 'ProxmoxGuestDown', id: 'qemu/100' }, ['guest-down']],
  [{ alertname: 'etcdMembersDown' }, ['etcd-member-lost']],
  [{ alertname: 'PveGuestHung', id: 'qemu/100' }, ['guest-hung']],
  [{ alertname: 'PveGuestHung', id: 'lxc/200' }, []],
  [{ alertname: 'PveStorageNearlyFull', storage: 'local-lvm', node: 'pve1' }, ['storage-nearly-full']],
  [{ alertname: 'TalosServiceUnhealthy', service: 'kubelet', node: 'worker-1' }, ['kubelet-unhealthy']],
  [{ alertname: 'TalosServiceUnhealthy', service: 'cri', node: 'worker-1' }, []],
  [{ alertname: 'KubeletDown', job: 'kubelet' }, []],
  [{ alertname: 'Watchdog' }, []],
])('%j finds %j', (labels, ids) => {
  expect(lookupRunbooks(runbooks, { labels }).map(({ runbook }) => runbook.id)).toEqual(ids)
})

describe('a crashing pod', () => {
  const alert = { labels: { alertname: 'KubePodCrashLooping', namespace: 'media', pod: 'radarr-7d9f' } }
  const pod = (last_reason: string | null, last_exit_code: number | null, restarts = 7) => ({
    workload: 'deployment/radarr',
    limit: 1_073_741_824,
    containers: [{ name: 'radarr', restarts, state_reason: 'CrashLoopBackOff', last_reason, last_exit_code }],
  })

  test.each([
    [pod('Error', 1), { 'pod-crash-looping': true, 'pod-oom-killed': false }],
    [pod('OOMKilled', 137), { 'pod-crash-looping': false, 'pod-oom-killed': true }],
    [pod('Completed', 0), { 'pod-crash-looping': false, 'pod-oom-killed': false }],
    [pod('Error', 127), { 'pod-crash-looping': false, 'pod-oom-killed': false }],
    [pod('Error', 1, 1), { 'pod-crash-looping': false, 'pod-oom-killed': false }],
    [pod(null, null), { 'pod-crash-looping': true, 'pod-oom-killed': false }],
    [
      { ...pod('OOMKilled', 137), limit: null },
      { 'pod-crash-looping': false, 'pod-oom-killed': false },
    ],
  ])('%j is for %j', (result, expected) => {
    const verdicts = lookupRunbooks(runbooks, alert).map(({ runbook }) => {
      const { values } = resolveInputs(runbook, { alert, checks: {} })
      const [first] = runbook.checks
      return [runbook.id, holds(first?.expect ?? 'false', { alert, inputs: values, checks: {}, result }).holds]
    })
    expect(Object.fromEntries(verdicts)).toEqual(expected)
  })

  test('that runs out of memory gets half as much again, and the old limit back', () => {
    const runbook = runbooks.find(({ id }) => id === 'pod-oom-killed')
    const checks = { oom: { result: pod('OOMKilled', 137) } }
    const { values } = resolveInputs(runbook ?? { inputs: [] }, { alert, checks })
    const [step] = runbook?.steps ?? []
    const call = { namespace: 'media', workload: 'deployment/radarr' }
    expect(renderArgs(step?.args ?? {}, { inputs: values, checks })).toEqual({
      args: { ...call, memory: 1_610_612_736 },
    })
    const back = step?.rollback?.kind === 'call' ? step.rollback.args : {}
    expect(renderArgs(back, { inputs: values, checks })).toEqual({ args: { ...call, memory: 1_073_741_824 } })
  })
})

test('the database of etcd: the node of the alert is called by its name, and it is the one that has grown', () => {
  const runbook = runbooks.find(({ id }) => id === 'etcd-database-large')
  const alert = { labels: { alertname: 'etcdDatabaseQuotaLowSpace', instance: '10.5.0.12:2381' } }
  const checks = { machine: { result: { node: 'cp-2', control_plane: true } } }
  const { values } = resolveInputs(runbook ?? { inputs: [] }, { alert, checks })
  expect(values).toEqual({ node: '10.5.0.12', member: 'cp-2' })
  const [, etcd] = runbook?.checks ?? []
  const items = (grown: string, healthy = true) =>
    ['cp-1', 'cp-2'].map((member) => ({ member, healthy, bytes: member === grown ? 300 : 100, bytes_in_use: 90 }))
  const found = (list: object[]) =>
    holds(etcd?.expect ?? 'false', { alert, inputs: values, checks, result: { items: list } }).holds
  expect(found(items('cp-2'))).toBe(true)
  expect(found(items('cp-1'))).toBe(false)
  expect(found(items('cp-2', false))).toBe(false)
})
