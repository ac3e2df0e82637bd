import { testServer } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster.ts'
import { tools } from '../../src/tools/index.ts'
import { cartPod, fakeCluster, node, shop } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'

const closed = (name: string) => ({ ...node(name), spec: { unschedulable: true } })
const tainted = (name: string) => ({ ...node(name), spec: { taints: [{ key: 'x', effect: 'NoSchedule' }] } })
const pod = (name: string, over: { annotations?: Record<string, string>; owner?: string; phase?: string } = {}) => {
  const made = cartPod(name)
  const { annotations = {}, owner = 'ReplicaSet', phase = 'Running' } = over
  const ownerReferences = owner === '' ? [] : [{ kind: owner, name: 'x', uid: 'x', controller: true }]
  return { ...made, metadata: { ...made.metadata, annotations, ownerReferences }, status: { ...made.status, phase } }
}

test('cordon closes a node and names the way back; uncordon opens it', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  expect((await server.call('cordon', { name: 'worker-1' })).structuredContent).toMatchObject({
    target: { kind: 'Node', namespace: null, name: 'worker-1' },
    diff: [{ field: 'unschedulable', from: false, to: true }],
    warnings: [],
    undo: { tool: 'uncordon', arguments: { name: 'worker-1' } },
  })
  const done = await server.call('cordon', { name: 'worker-1', dry_run: false }, { grant: true })
  const { undo } = done.structuredContent as { undo: { tool: string; arguments: Record<string, unknown> } }
  const back = await server.call(undo.tool, { ...undo.arguments, dry_run: false }, { grant: true })
  expect(back.structuredContent).toMatchObject({ diff: [{ from: true, to: false }] })
})

test('closing what is closed already changes nothing and undoes nothing', async () => {
  const cluster = fakeCluster([closed('a'), node('b')])
  expect(await ask(cluster, 'cordon', { name: 'a' })).toMatchObject({ diff: [], undo: null })
  expect(await ask(cluster, 'uncordon', { name: 'b' })).toMatchObject({ diff: [], undo: null })
})

test('closing the last node that takes pods is said', async () => {
  for (const other of [closed('b'), tainted('b'), node('b', false)])
    expect(await ask(fakeCluster([node('a'), other]), 'cordon', { name: 'a' })).toMatchObject({
      warnings: ['No other node takes pods: new ones will wait.'],
    })
})

test('a drain lists what goes and what stays', async () => {
  const cluster = fakeCluster([node('worker-1'), node('worker-2')])
  cluster.put(pod('cart-1'))
  cluster.put(pod('agent-1', { owner: 'DaemonSet' }))
  cluster.put(pod('static-1', { annotations: { 'kubernetes.io/config.mirror': 'x' }, owner: 'Node' }))
  cluster.put(pod('done-1', { owner: 'Job', phase: 'Succeeded' }))
  expect(await ask(cluster, 'drain', { name: 'worker-1' })).toMatchObject({
    summary: 'Would close worker-1 and evict 1 of its pods.',
    diff: [
      { field: 'unschedulable', from: false, to: true },
      { field: 'pod shop/cart-1', from: 'on worker-1', to: null },
    ],
    warnings: ['These stay: 1 pod of DaemonSets, 1 static pod, 1 finished pod.'],
  })
  const changed = cluster.asked.filter(({ dryRun }) => dryRun === false)
  expect(changed).toEqual([])
})

test('a drain closes the node first, marks it, and evicts; what came meanwhile needs a new look', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const { precondition } = (await server.call('drain', { name: 'worker-1' })).structuredContent
  cluster.put(pod('cart-new'))
  const args = { name: 'worker-1', wait_seconds: 5, dry_run: false, precondition }
  expect((await server.call('drain', args, { grant: true })).structuredContent).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('shop/cart-abc-1,shop/cart-new') },
  })
  const fresh = {
    ...args,
    precondition: (await server.call('drain', { name: 'worker-1' })).structuredContent.precondition,
  }
  const effect = crypto.randomUUID()
  await server.call('drain', fresh, { grant: true, effect })
  const real = cluster.asked.filter(({ dryRun }) => dryRun === false)
  expect(real.map(({ call, ref }) => `${call} ${ref}`)).toEqual([
    'patch Node/worker-1',
    'evict Pod/cart-abc-1',
    'evict Pod/cart-new',
  ])
  expect(real[0]?.patch).toMatchObject({ metadata: { annotations: { 'watchkeeper/effects': effect } } })
})

test('a drain leaves alone what the deny list protects, by refusing as a whole', async () => {
  const server = await testServer<Cluster>(tools, { home: shop() }, { flags: ['--deny', '*/shop'] })
  expect((await server.call('drain', { name: 'worker-1' })).structuredContent).toMatchObject({
    error: { code: 'refused', message: expect.stringContaining('pod/shop/cart-abc-1 may not be changed') },
  })
})

test('a budget that blocks half-way is named with what was done, and the probe says unknown', async () => {
  const cluster = shop()
  cluster.put(pod('cart-2'))
  const evict = cluster.evict
  // The budget has room for one: the first real eviction takes it.
  cluster.evict = async (ref, options, signal) => {
    if (!options.dryRun) cluster.budgets[ref.name === 'cart-2' ? 'cart-abc-1' : 'cart-2'] = 'cart-budget'
    await evict(ref, options, signal)
  }
  const server = await serverOn(cluster)
  const args = { name: 'worker-1', wait_seconds: 5, dry_run: false }
  const effect = crypto.randomUUID()
  const answer = await server.call('drain', args, { grant: true, effect })
  expect(answer.structuredContent).toMatchObject({
    error: {
      code: 'refused',
      message: expect.stringMatching(
        /worker-1 is closed and 1 of 2 pods were evicted.*shop\/cart-abc-1: .*cart-budget/,
      ),
    },
  })
  const probed = await server.call('probe_effect', { tool: 'drain', arguments: args, effect })
  expect(probed.structuredContent).toMatchObject({ state: 'unknown' })
}, 15_000)
