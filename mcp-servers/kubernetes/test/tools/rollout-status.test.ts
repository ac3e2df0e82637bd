import { expect, test } from 'vitest'
import type { Workload } from '../../src/objects.ts'
import { rolloutOf } from '../../src/rollout.ts'
import { cart, cartPod, cartReplicaSet, fakeCluster, shop } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

const args = { namespace: 'shop', workload: 'deployment/cart' }

test('a sound workload is available', async () => {
  expect(await ask(shop(), 'rollout_status', args)).toMatchObject({
    summary: 'deployment/cart: available; 1 of 1 ready, 0 restarts of the current revision.',
    available: true,
    desired: 1,
    ready: 1,
    updated: 1,
    unavailable: 0,
    generation: 3,
    observed_generation: 3,
    revision: '2',
    paused: false,
    progressing: false,
    reason: null,
    restarts: 0,
    restarts_since: 0,
    oldest_pod_age_seconds: 3600,
    waiting_reasons: [],
  })
})

test('restarts of an old revision do not count for the current one', async () => {
  const cluster = fakeCluster([cart(), cartReplicaSet('old', '1'), cartReplicaSet('abc', '2')])
  cluster.put(
    cartPod('cart-old-1', {
      hash: 'old',
      restarts: 9,
      ready: false,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
    }),
  )
  cluster.put(cartPod('cart-abc-1', { restarts: 1 }))
  expect(await ask(cluster, 'rollout_status', args)).toMatchObject({
    restarts: 10,
    restarts_since: 1,
    waiting_reasons: ['CrashLoopBackOff'],
  })
})

test.each<[string, Partial<NonNullable<Workload['status']>>, object, Partial<ReturnType<typeof rolloutOf>>]>([
  ['its newest specification was not seen yet', { observedGeneration: 2 }, {}, { available: false, progressing: true }],
  ['a pod is missing', { availableReplicas: 0, readyReplicas: 0 }, {}, { available: false, unavailable: 1 }],
  ['an old pod is still there', { replicas: 2 }, {}, { available: false, reason: '1 old pods are still ending' }],
  [
    'it is paused with old pods',
    { updatedReplicas: 0 },
    { paused: true },
    { available: false, paused: true, progressing: false },
  ],
  [
    'it is stuck',
    {
      updatedReplicas: 0,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'too long' }],
    },
    {},
    { available: false, progressing: false, reason: 'ProgressDeadlineExceeded: too long' },
  ],
  [
    'it is scaled to 0',
    { replicas: 0, readyReplicas: 0, availableReplicas: 0, updatedReplicas: 0 },
    { replicas: 0 },
    { available: true, desired: 0 },
  ],
])('when %s', (_when, status, spec, expected) => {
  const workload = cart({ spec })
  expect(rolloutOf({ ...workload, status: { ...workload.status, ...status } })).toMatchObject(expected)
})

test('a DaemonSet counts nodes', () => {
  const status = {
    observedGeneration: 1,
    desiredNumberScheduled: 3,
    numberReady: 2,
    numberAvailable: 2,
    updatedNumberScheduled: 3,
  }
  const agent: Workload = { kind: 'DaemonSet', metadata: { name: 'agent', generation: 1 }, spec: {}, status }
  expect(rolloutOf(agent)).toMatchObject({
    available: false,
    desired: 3,
    ready: 2,
    unavailable: 1,
    reason: '2 of 3 pods are available',
  })
})
