import { digestOf, valuesDigest } from '@watchkeeper/mcp-shared'
import { testServer, toolContract } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import { z } from 'zod'
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

const samples: Record<string, Record<string, unknown>> = {
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
}

toolContract<Cluster>(tools, {
  samples,
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

/** Of every changing tool its sample, and what is in no namespace with one that it is said to be in. */
const changes: [string, Record<string, unknown>][] = [
  ...tools
    .filter(({ change }) => change)
    .map(({ name }): [string, Record<string, unknown>] => [name, samples[name] ?? {}]),
  ['label_annotate', { kind: 'Node', name: 'worker-1', labels: ['tier=web'] }],
  ['label_annotate', { kind: 'Node', namespace: 'x', name: 'worker-1', labels: ['tier=web'] }],
  ['label_annotate', { kind: 'Namespace', namespace: 'x', name: 'shop', labels: ['tier=web'] }],
]

const Answer = z.object({ target: z.object({ kind: z.string(), namespace: z.string().nullable(), name: z.string() }) })

test.each(changes)('%s holds against the deny list what it says that it changes: %j', async (name, args) => {
  const answer = (await (await testServer(tools, { home: shop() })).call(name, args)).structuredContent
  const { data } = Answer.safeParse(answer)
  if (!data) return expect(answer).toMatchObject({ error: { code: 'invalid' } })
  const { kind, namespace, name: object } = data.target
  const flags = ['--deny', [kind, ...(namespace ? [namespace] : []), object].join('/')]
  const denied = await (await testServer(tools, { home: shop() }, { flags })).call(name, args)
  expect(denied.structuredContent).toMatchObject({
    error: { code: 'refused', message: expect.stringContaining('deny list') },
  })
})
