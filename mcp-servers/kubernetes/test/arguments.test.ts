import { expect, test } from 'vitest'
import { shop } from './fake-cluster.ts'
import { ask, serverOn } from './harness.ts'

const HOSTILE = [
  '--server=https://evil.example',
  '-o',
  '$(id)',
  '`id`',
  '../secrets/db',
  '..',
  'a/../b',
  'a%2f..%2fb',
  'a\nb',
  'a b',
  'a;b',
  'a?b=c',
  'a#b',
  'ünïcode',
  'cаrt',
  '',
  'x'.repeat(300),
]

test.each(HOSTILE)('the name %j reaches no cluster', async (name) => {
  const calls: [string, Record<string, unknown>][] = [
    ['get', { kind: 'Pod', namespace: 'shop', name }],
    ['get', { kind: 'Pod', namespace: name, name: 'x' }],
    ['get', { kind: name, namespace: 'shop', name: 'x' }],
    ['describe', { kind: 'Pod', namespace: 'shop', name }],
    ['list', { kind: name }],
    ['events', { namespace: 'shop', for: `pod/${name}` }],
    ['events', { namespace: 'shop', for: name }],
    ['logs', { namespace: 'shop', pod: name }],
    ['logs', { namespace: 'shop', pod: 'cart-abc-1', container: name }],
    ['rollout_status', { namespace: 'shop', workload: name }],
    ['rollout_status', { namespace: 'shop', workload: `deployment/${name}` }],
    ['rollout_restart', { namespace: 'shop', workload: `deployment/${name}` }],
    ['rollout_restart', { namespace: name, workload: 'deployment/cart' }],
    ['set_resources', { namespace: 'shop', workload: `deployment/${name}`, memory: '1Gi' }],
    ['set_resources', { namespace: 'shop', workload: 'deployment/cart', container: name, memory: '1Gi' }],
    ['scale', { namespace: 'shop', workload: `deployment/${name}`, replicas: 1 }],
  ]
  const cluster = shop()
  const server = await serverOn(cluster)
  for (const [tool, args] of calls) {
    const answer = await server.call(tool, args)
    expect(answer.structuredContent, `${tool} ${JSON.stringify(args)}`).toMatchObject({ error: { code: 'invalid' } })
    expect(cluster.asked).toEqual([])
  }
})

test('workloads are of the three types, in lower case', async () => {
  for (const workload of [
    'pod/cart',
    'Deployment/cart',
    'deployments/cart',
    'deployment',
    'deployment/cart/scale',
    'cart',
  ])
    expect(await ask(shop(), 'rollout_status', { namespace: 'shop', workload })).toMatchObject({
      error: { code: 'invalid' },
    })
})
