import { expect, test } from 'vitest'
import { cart, cartPod, cartReplicaSet, event, fakeCluster, shop } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

const killed = {
  ready: false,
  restarts: 4,
  state: { waiting: { reason: 'CrashLoopBackOff' } },
  lastState: { terminated: { reason: 'OOMKilled', exitCode: 137, finishedAt: '2026-11-01T10:04:00Z' } },
}

test('a pod killed for memory names its workload, its limit in bytes and why it ended', async () => {
  const cluster = fakeCluster([cart(), cartReplicaSet(), cartPod('cart-abc-1', killed), event('one')])
  expect(await ask(cluster, 'describe', { kind: 'Pod', namespace: 'shop', name: 'cart-abc-1' })).toMatchObject({
    summary:
      'Pod cart-abc-1: last killed for memory, 0 of 1 container ready, 4 restarts, app: CrashLoopBackOff, 1 event.',
    object: {
      kind: 'Pod',
      namespace: 'shop',
      name: 'cart-abc-1',
      uid: 'uid-cart-abc-1',
      created: '2026-11-01T10:00:00Z',
    },
    workload: 'deployment/cart',
    owners: [{ kind: 'ReplicaSet', name: 'cart-abc' }],
    node: 'worker-1',
    phase: 'Running',
    containers: [
      {
        name: 'app',
        image: 'cart:1',
        ready: false,
        restarts: 4,
        state: 'waiting',
        state_reason: 'CrashLoopBackOff',
        last_reason: 'OOMKilled',
        last_exit_code: 137,
        last_finished_at: '2026-11-01T10:04:00Z',
        limits: { memory: 1073741824, cpu: 500 },
        requests: { memory: 536870912, cpu: null },
      },
    ],
    limit: 1073741824,
    events: [{ reason: 'BackOff', count: 2, object: 'pod/cart-abc-1' }],
    gitops: null,
    truncated: false,
    total: 1,
  })
})

test('a workload is told over its pods, with who manages it', async () => {
  const deployment = cart({ annotations: { 'argocd.argoproj.io/tracking-id': 'shop-app:apps/Deployment:shop/cart' } })
  const cluster = fakeCluster([deployment, cartReplicaSet(), cartPod(), cartPod('cart-abc-2', killed)])
  expect(await ask(cluster, 'describe', { kind: 'deploy', namespace: 'shop', name: 'cart' })).toMatchObject({
    workload: 'deployment/cart',
    containers: [
      { name: 'app', ready: false, restarts: 4, last_reason: 'OOMKilled', state_reason: 'CrashLoopBackOff' },
    ],
    pods: [
      { name: 'cart-abc-1', ready: true, restarts: 0 },
      { name: 'cart-abc-2', ready: false, restarts: 4 },
    ],
    gitops: { owner: 'shop-app', by: 'Argo CD' },
  })
})

test('a pod whose owner is gone, and a node, are described with nulls and not with gaps', async () => {
  const cluster = shop()
  cluster.remove('ReplicaSet', 'cart-abc')
  const pod = await ask(cluster, 'describe', { kind: 'Pod', namespace: 'shop', name: 'cart-abc-1' })
  expect(pod).toMatchObject({ workload: null, gitops: null })
  expect(await ask(cluster, 'describe', { kind: 'Node', name: 'worker-1' })).toMatchObject({
    object: { kind: 'Node', namespace: null },
    containers: [],
    limit: null,
    workload: null,
    node: null,
    phase: null,
    conditions: [{ type: 'Ready', status: 'True', reason: null, message: null, since: null }],
    details: { kubelet: 'v1.34.1', schedulable: 'true' },
  })
})
