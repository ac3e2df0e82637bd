import { UpstreamError } from '@watchkeeper/mcp-shared'
import { testServer } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster.ts'
import { tools } from '../../src/tools/index.ts'
import { cart, fakeCluster, node, shop } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

test('every cluster is listed, also one that does not answer, with the reason', async () => {
  const down: Cluster = {
    ...shop(),
    name: 'cabin',
    version: async () => {
      throw new UpstreamError('unreachable', 'The API server of "cabin" cannot be reached.')
    },
  }
  const server = await testServer<Cluster>(tools, { home: shop(), cabin: down })
  expect((await server.call('clusters_list', {})).structuredContent).toMatchObject({
    summary: '1 of 2 clusters answer: home, cabin.',
    items: [
      { name: 'home', default: true, reachable: true, version: 'v1.34.1', problem: null },
      { name: 'cabin', default: false, reachable: false, version: null, problem: expect.stringContaining('cabin') },
    ],
  })
})

test('kinds are found by a part of their name', async () => {
  expect(await ask(shop(), 'api_resources', { search: 'DEPLOY' })).toMatchObject({
    summary: '1 kind with "DEPLOY".',
    items: [{ kind: 'Deployment', name: 'deployments.apps', namespaced: true }],
  })
})

const metrics = (name: string, memory: string, cpu = '100m') => ({
  kind: 'NodeMetrics',
  metadata: { name },
  usage: { cpu, memory },
})

test('the hungriest come first, nodes in percent of what they can give', async () => {
  const cluster = fakeCluster([metrics('a', '1Gi'), metrics('b', '3Gi', '2')])
  const big = node('b')
  cluster.put({ ...big, status: { ...Object(big.status), allocatable: { cpu: '4', memory: '4Gi' } } })
  expect(await ask(cluster, 'top', { of: 'nodes' })).toMatchObject({
    summary: '2 nodes; most memory: b, 3072 MiB.',
    items: [
      { name: 'b', cpu: 2000, memory: 3221225472, cpu_percent: 50, memory_percent: 75 },
      { name: 'a', cpu: 100, cpu_percent: null, memory_percent: null },
    ],
  })
  expect(await ask(cluster, 'top', { of: 'nodes', limit: 1 })).toMatchObject({ total: 2, truncated: true })
})

test("a pod's usage is that of its containers together", async () => {
  const containers = [{ usage: { cpu: '5m', memory: '10Mi' } }, { usage: { cpu: '250000n', memory: '1Mi' } }]
  const cluster = fakeCluster([{ kind: 'PodMetrics', metadata: { name: 'x', namespace: 'shop' }, containers }])
  expect(await ask(cluster, 'top', { of: 'pods', namespace: 'shop' })).toMatchObject({
    items: [{ namespace: 'shop', name: 'x', cpu: 6, memory: 11534336 }],
  })
})

test('revisions are listed with their images, the present one marked', async () => {
  expect(await ask(shop(), 'rollout_history', { namespace: 'shop', workload: 'deployment/cart' })).toMatchObject({
    summary: 'deployment/cart: 2 revisions, now 2.',
    items: [
      { revision: 2, current: true, name: 'cart-abc', images: ['cart:1'] },
      { revision: 1, current: false, name: 'cart-old', images: ['cart:0'] },
    ],
  })
})

test('one question about access, and all of it', async () => {
  const one = { credential: 'operator', verb: 'patch', kind: 'deploy', namespace: 'shop' }
  expect(await ask(shop(), 'can_i', one)).toMatchObject({
    summary: 'The operator may patch deployments.apps in shop.',
    allowed: true,
  })
  expect(await ask(shop(), 'can_i', { verb: 'create', kind: 'pods', subresource: 'eviction' })).toMatchObject({
    summary: 'The reader may not create pods/eviction in the whole cluster.',
    allowed: false,
    items: [],
  })
  expect(await ask(shop(), 'can_i', {})).toMatchObject({
    allowed: null,
    items: ['get deployments', 'get deployments.apps', 'list deployments', 'list deployments.apps'],
  })
  expect(await ask(shop(), 'can_i', { verb: 'get' })).toMatchObject({ error: { code: 'invalid' } })
})

test('diff writes nothing and says what would differ, also in fields others hold', async () => {
  const cluster = fakeCluster([cart()])
  cluster.held = 'everything'
  const manifest = 'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: cart\nspec:\n  replicas: 4\n'
  expect(await ask(cluster, 'diff', { kind: 'Deployment', namespace: 'shop', name: 'cart', manifest })).toMatchObject({
    summary: 'Deployment shop/cart: 1 field would change.',
    exists: true,
    items: [{ field: 'spec.replicas', from: 1, to: 4 }],
  })
  expect(cluster.asked.map(({ call, dryRun }) => [call, dryRun])).toEqual([
    ['readForChange', undefined],
    ['apply', true],
  ])
})

test('list shows only the columns asked for, and get only the parts', async () => {
  expect(await ask(shop(), 'list', { kind: 'Pod', columns: ['status'] })).toMatchObject({
    items: [{ name: 'cart-abc-1', columns: { status: 'fine' } }],
  })
  expect(await ask(shop(), 'list', { kind: 'Pod', columns: ['mood'] })).toMatchObject({
    error: { code: 'invalid', message: 'Pod has no column "mood"; it has name, status, up_to_date.' },
  })
  const parts = { kind: 'Deployment', namespace: 'shop', name: 'cart', fields: ['spec.replicas', 'spec.none'] }
  expect((await ask(shop(), 'get', parts)).object).toEqual({ 'spec.replicas': 1, 'spec.none': null })
})
