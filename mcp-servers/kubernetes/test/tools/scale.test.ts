import { expect, test } from 'vitest'
import { cart, fakeCluster, shop } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'

const args = { namespace: 'shop', workload: 'deployment/cart' }

test('a dry run shows the replicas and the way back', async () => {
  expect(await ask(shop(), 'scale', { ...args, replicas: 3 })).toMatchObject({
    diff: [{ field: 'replicas', from: 1, to: 3 }],
    warnings: [],
    undo: { tool: 'scale', arguments: { ...args, replicas: 1 } },
  })
})

test('to 0 is destructive, and says that the service stops', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const dry = await server.call('scale', { ...args, replicas: 0 })
  expect(dry.structuredContent.warnings).toEqual(['deployment/cart stops serving: it will have no pods.'])
  await server.call('scale', { ...args, replicas: 0, dry_run: false }, { grant: true })
  await server.call('scale', { ...args, replicas: 2, dry_run: false }, { grant: true })
  expect(
    server
      .lines()
      .filter(({ audit }) => audit)
      .map((line) => line.effect_class),
  ).toEqual(['destructive', 'write'])
})

test('an autoscaler that owns the replicas is named', async () => {
  const cluster = fakeCluster([cart()])
  const spec = { scaleTargetRef: { kind: 'Deployment', name: 'cart' }, minReplicas: 2, maxReplicas: 6 }
  cluster.put({ kind: 'HorizontalPodAutoscaler', metadata: { name: 'cart-hpa', namespace: 'shop' }, spec })
  const { warnings } = await ask(cluster, 'scale', { ...args, replicas: 3 })
  expect(warnings).toEqual([expect.stringContaining('"cart-hpa" sets the replicas of this workload (2 to 6)')])
})

test('a DaemonSet cannot be scaled, and numbers have bounds', async () => {
  for (const wrong of [
    { workload: 'daemonset/agent', replicas: 1 },
    { replicas: -1 },
    { replicas: 1_001 },
    { replicas: 1.5 },
  ])
    expect(await ask(shop(), 'scale', { ...args, ...wrong })).toMatchObject({ error: { code: 'invalid' } })
})

test('the probe cannot tell when the object is gone or another', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const { precondition } = (await server.call('scale', { ...args, replicas: 3 })).structuredContent
  const probe = async () => {
    const sent = { tool: 'scale', arguments: { ...args, replicas: 3, precondition }, effect: crypto.randomUUID() }
    return (await server.call('probe_effect', sent)).structuredContent.state
  }
  expect(await probe()).toBe('not_done')
  const other = cart()
  cluster.put({ ...other, metadata: { ...other.metadata, uid: 'uid-other' } })
  expect(await probe()).toBe('unknown')
  cluster.remove('Deployment', 'cart')
  expect(await probe()).toBe('unknown')
})
