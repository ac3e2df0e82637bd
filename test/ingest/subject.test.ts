import { expect, test } from 'vitest'
import type { Labels } from '../../src/domain/alert.ts'
import { correlationKeyOf, DEFAULT_CORRELATION, subjectOf } from '../../src/ingest/subject.ts'

const defaults = { cluster: 'home' }

const workloads: [labels: Labels, workload: string | undefined][] = [
  [{ pod: 'cart-7d9f8b6c5d-x2x4z' }, 'cart'],
  [{ pod: 'db-0' }, 'db'],
  [{ pod: 'db-12' }, 'db'],
  [{ pod: 'fluent-bit-x2x4z' }, 'fluent-bit'],
  [{ pod: 'my-database-proxy' }, 'my-database-proxy'],
  [{ pod: 'backup-29384756-x2x4z' }, 'backup'],
  [{ pod: 'w-1' }, 'w'],
  [{ pod: 'api' }, 'api'],
  [{ pod: '-1' }, '-1'],
  [{ pod: 'cart-7d9f8b6c5d-x2x4z', deployment: 'checkout' }, 'checkout'],
  [{ statefulset: 'db', pod: 'other-0' }, 'db'],
  [{ daemonset: 'agent' }, 'agent'],
  [{ replicaset: 'cart-7d9f8b6c5d' }, 'cart'],
  [{ job_name: 'backup-29384756' }, 'backup'],
  [{ job_name: 'migrate' }, 'migrate'],
  [{ cronjob: 'backup' }, 'backup'],
  [{ persistentvolumeclaim: 'data-db-0' }, 'data-db-0'],
  [{ namespace: 'db', instance: 'db-1' }, 'db-1'],
  [{}, undefined],
]

test.each(workloads)('%j is about the workload %s', (labels, workload) => {
  expect(subjectOf({ alertname: 'X', ...labels }, defaults).workload).toBe(workload)
})

const nodes: [labels: Labels, node: string][] = [
  [{ alertname: 'NodeDown', instance: 'pve1:9100' }, 'pve1'],
  [{ alertname: 'NodeDown', instance: '[fd00::1]:9100' }, 'fd00::1'],
  [
    {
      alertname: 'KubeNodeNotReady',
      node: 'talos-w1',
      namespace: 'monitoring',
      pod: 'kube-state-metrics-5f6d8b9c7d-zx2vb',
    },
    'talos-w1',
  ],
  [
    {
      alertname: 'DiskSlow',
      job: 'node-exporter',
      namespace: 'monitoring',
      pod: 'node-exporter-x2x4z',
      instance: '10.0.0.5:9100',
    },
    '10.0.0.5',
  ],
  [{ alertname: 'EtcdSlow', node: 'talos-cp1' }, 'talos-cp1'],
]

const guests: [labels: Labels, guest: string][] = [
  [{ id: 'qemu/131', name: 'nextcloud', node: 'pve2', instance: '192.0.2.10' }, 'qemu/131'],
  [{ id: 'lxc/200', namespace: 'monitoring', pod: 'pve-exporter-5f6d8b9c7d-zx2vb' }, 'lxc/200'],
]

test.each(guests)('%j is about the guest %s, whoever exported it and wherever it runs', (labels, guest) => {
  expect(subjectOf({ alertname: 'PveGuestHung', ...labels }, defaults)).toMatchObject({
    workload: guest,
    namespace: undefined,
  })
})

test('an id that is no guest is not taken for one', () => {
  const { workload } = subjectOf({ alertname: 'X', id: 'node/pve2', node: 'pve2' }, defaults)
  expect(workload).toBe('pve2')
})

test.each(nodes)('%j is about the node %s, whoever exported it', (labels, node) => {
  expect(subjectOf(labels, defaults)).toMatchObject({ workload: node, namespace: undefined })
})

test('a workload that happens to name its node is still about the workload', () => {
  const labels = { alertname: 'PodSlow', node: 'talos-w1', namespace: 'shop', pod: 'cart-7d9f8b6c5d-x2x4z' }
  expect(subjectOf(labels, defaults)).toMatchObject({ workload: 'cart', namespace: 'shop' })
})

test.each([
  ['critical', 'critical'],
  ['page', 'critical'],
  ['Warning', 'warning'],
  ['info', 'info'],
  ['none', 'none'],
  ['constructor', 'warning'],
  ['sev-17', 'warning'],
  [undefined, 'warning'],
])('a severity of %s is %s', (label, severity) => {
  expect(subjectOf({ alertname: 'X', ...(label && { severity: label }) }, defaults).severity).toBe(severity)
})

test('the cluster is the label, or the configured one', () => {
  expect(subjectOf({ alertname: 'X', cluster: 'away' }, defaults).cluster).toBe('away')
  expect(subjectOf({ alertname: 'X', cluster: '' }, defaults).cluster).toBe('home')
})

test('pods of one workload have one key; another cluster, namespace, workload or name has another', () => {
  const key = (labels: Labels) => correlationKeyOf(subjectOf(labels, defaults), labels, DEFAULT_CORRELATION)
  const base = { alertname: 'X', namespace: 'shop', pod: 'cart-7d9f8b6c5d-x2x4z' }
  expect(key({ ...base, pod: 'cart-7d9f8b6c5d-b7k9p', severity: 'critical' })).toBe(key(base))
  const others = [{ alertname: 'Y' }, { cluster: 'away' }, { namespace: 'shop2' }, { pod: 'db-0' }]
  const keys = others.map((other) => key({ ...base, ...other }))
  expect(new Set([key(base), ...keys]).size).toBe(5)
})

test('values cannot be arranged to look like the key of another alert', () => {
  const key = (labels: Labels) => correlationKeyOf(subjectOf(labels, defaults), labels, ['alertname', 'namespace'])
  expect(key({ alertname: 'X" namespace="shop', namespace: '' })).not.toBe(key({ alertname: 'X', namespace: 'shop' }))
})

test('other labels can be part of the key, and a key is never too long for an index', () => {
  const labels = { alertname: 'X', tenant: 'ü'.repeat(2_000) }
  const key = correlationKeyOf(subjectOf(labels, defaults), labels, ['alertname', 'tenant'])
  expect(key).toMatch(/^sha256:[0-9a-f]{64}$/)
  const short = { ...labels, tenant: 'a' }
  expect(correlationKeyOf(subjectOf(short, defaults), short, ['alertname', 'tenant'])).toBe('alertname="X" tenant="a"')
})
