import { digestOf, valuesDigest } from '@watchkeeper/mcp-shared'
import { toolContract } from '@watchkeeper/mcp-shared/testing'
import type { Cluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'
import { cart, cartPod, cartReplicaSet, event, fakeCluster, node, shop } from './fake-cluster.ts'

const pod = { namespace: 'shop', name: 'cart-abc-1' }
const object = { kind: 'Deployment', namespace: 'shop', name: 'cart' }
const manifest = JSON.stringify({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'cart' },
  spec: { replicas: 2 },
})
const { kind: _kind, metadata: _meta, status: _status, ...contents } = cartPod()
const seen = (values: Record<string, unknown>) => ({ uid: 'uid-cart-abc-1', values: valuesDigest(values) })
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
    clusters_list: {},
    api_resources: {},
    top: { of: 'pods' },
    rollout_history: workload,
    can_i: {},
    diff: { ...object, manifest },
    set_image: { ...workload, image: 'cart:2' },
    cordon: { name: 'worker-1' },
    uncordon: { name: 'worker-1' },
    label_annotate: { ...object, labels: ['tier=web'] },
    create_job_from_cronjob: { namespace: 'shop', name: 'backup' },
    rollout_undo: workload,
    apply: { ...object, manifest },
    delete: { kind: 'Pod', ...pod, precondition: seen({ contents: digestOf(contents) }) },
    evict_pod: { namespace: 'shop', pod: pod.name, precondition: seen({ node: 'worker-1' }) },
    drain: { name: 'worker-1' },
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
  freeText: ['list.label_selector', 'list.field_selector', 'list.continue', 'logs.grep', 'top.label_selector'],
  listBytes: 40_000,
})
