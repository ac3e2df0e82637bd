import { expect, test } from 'vitest'
import { cartPod, event, fakeCluster, node, shop } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

test('a healthy cluster is told in one line', async () => {
  expect(await ask(shop(), 'cluster_overview', {})).toMatchObject({
    summary: '2 of 2 nodes ready, 0 of 1 pod not ready, 0 kinds of warnings.',
    versions: { api_server: 'v1.34.1', kubelets: ['v1.34.1'] },
    nodes: [
      { name: 'worker-1', ready: true, roles: ['worker'], schedulable: true, problems: [] },
      { name: 'worker-2' },
    ],
    pods_not_ready: [],
    truncated: false,
  })
})

test('what is wrong is named: nodes, pods with their reason, warnings by reason', async () => {
  const cluster = fakeCluster([
    node('a', false),
    node('b'),
    cartPod('cart-abc-1', { ready: false, restarts: 7, state: { waiting: { reason: 'CrashLoopBackOff' } } }),
    event('one'),
    event('two', { involvedObject: { kind: 'Pod', namespace: 'shop', name: 'other' }, count: 3 }),
    event('three', { type: 'Normal', reason: 'Pulled' }),
  ])
  expect(await ask(cluster, 'cluster_overview', {})).toMatchObject({
    nodes_ready: 1,
    pods_not_ready: [{ namespace: 'shop', name: 'cart-abc-1', restarts: 7, reason: 'CrashLoopBackOff' }],
    warnings: [{ reason: 'BackOff', count: 5, objects: 2 }],
    total: 1,
  })
})
