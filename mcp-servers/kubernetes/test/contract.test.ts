import { toolContract } from '@watchkeeper/mcp-shared/testing'
import type { Cluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'
import { cart, cartPod, cartReplicaSet, event, fakeCluster, node, shop } from './fake-cluster.ts'

const pod = { namespace: 'shop', name: 'cart-abc-1' }
const workload = { namespace: 'shop', workload: 'deployment/cart' }

toolContract<Cluster>(tools, {
  samples: {
    cluster_overview: {},
    list: { kind: 'pods', limit: 200 },
    get: { kind: 'Pod', ...pod },
    describe: { kind: 'Deployment', namespace: 'shop', name: 'cart' },
    events: { limit: 200 },
    logs: { namespace: 'shop', workload: 'deployment/cart', tail: 500 },
    rollout_status: workload,
    rollout_restart: workload,
    set_resources: { ...workload, memory: 1610612736 },
    scale: { ...workload, replicas: 3 },
  },
  port: shop,
  flooded() {
    const long = 'x'.repeat(5_000)
    const many = (n: number) => Array.from({ length: n }, (_, at) => at)
    const cluster = fakeCluster([cart(), cartReplicaSet()])
    for (const at of many(1_500))
      cluster.put(cartPod(`cart-abc-${at}`, { ready: false, state: { waiting: { reason: long } } }))
    for (const at of many(1_500)) cluster.put(event(`event-${at}`, { message: long }))
    for (const at of many(300)) cluster.put(node(`node-${at}`, false))
    for (const at of many(1_500)) cluster.logText[`cart-abc-${at}`] = `${long}\n`.repeat(600)
    const big = cartPod('cart-abc-1')
    cluster.put({ ...big, spec: { ...big.spec, notes: many(500).map(() => long) } })
    return cluster
  },
  fields: { name: 'home' },
  freeText: ['list.label_selector', 'list.field_selector', 'list.continue', 'logs.grep'],
  listBytes: 40_000,
})
