import { testServer } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import type { Cluster } from '../../src/cluster.ts'
import { tools } from '../../src/tools/index.ts'
import { backup, cart, cartPod, cartReplicaSet, fakeCluster, shop } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'

const at = { kind: 'Deployment', namespace: 'shop', name: 'cart' }
const manifest = (spec: object, metadata: object = {}) =>
  JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cart', ...metadata }, spec })

test('labels are set and removed, with the values before as the way back', async () => {
  const cluster = fakeCluster([cart({ labels: { tier: 'old', stays: 'yes' } })])
  const args = { ...at, labels: ['tier=web', 'gone-'], annotations: ['note=seen by anna'] }
  expect(await ask(cluster, 'label_annotate', args)).toMatchObject({
    summary: 'Would set 3 keys of Deployment cart.',
    diff: [
      { field: 'labels.tier', from: 'old', to: 'web' },
      { field: 'annotations.note', from: null, to: 'seen by anna' },
    ],
    undo: { arguments: { ...at, labels: ['tier=old', 'gone-'], annotations: ['note-'] } },
  })
})

test('a label that a pod had may be what selects it, which is said', async () => {
  const args = { kind: 'Pod', namespace: 'shop', name: 'cart-abc-1', labels: ['app=other'] }
  const { warnings } = await ask(shop(), 'label_annotate', args)
  expect(warnings).toEqual([expect.stringContaining('Whatever selects this pod by app')])
})

test('a node is in no namespace: one that is given all the same is refused, so that a card names what is changed', async () => {
  const args = { kind: 'Node', namespace: 'shop', name: 'worker-1', labels: ['tier=web'] }
  expect(await ask(shop(), 'label_annotate', args)).toMatchObject({
    error: { code: 'invalid', message: 'A Node lives in no namespace: leave it out.' },
  })
})

test('a deny list that has the Jobs of a namespace keeps a CronJob from making one', async () => {
  const server = await testServer<Cluster>(tools, { home: shop() }, { flags: ['--deny', 'job/shop'] })
  const { structuredContent } = await server.call('create_job_from_cronjob', { namespace: 'shop', name: 'backup' })
  expect(structuredContent).toMatchObject({ error: { code: 'refused' } })
})

test('a Job is made from the CronJob with the effect in its name, after the CronJob was marked', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const effect = '0d9c5f8e-1b7a-4f0e-9a51-3f5e2c7b6a10'
  const args = { namespace: 'shop', name: 'backup', dry_run: false }
  expect((await server.call('create_job_from_cronjob', args, { grant: true, effect })).structuredContent).toMatchObject(
    {
      diff: [{ field: 'job', from: null, to: 'backup-wk-0d9c5f8e' }],
    },
  )
  const [marked, created] = cluster.asked.slice(-2)
  expect(marked).toMatchObject({ call: 'patch', ref: 'CronJob/backup' })
  expect(created?.patch).toMatchObject({
    kind: 'Job',
    metadata: { annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', 'watchkeeper/effects': effect } },
    spec: { template: { spec: { containers: [{ name: 'backup' }] } } },
  })
})

test('a mark without its Job leaves the probe in doubt', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const effect = crypto.randomUUID()
  const args = { namespace: 'shop', name: 'backup', dry_run: false }
  cluster.create = async () => {
    throw new Error('the connection broke')
  }
  await server.call('create_job_from_cronjob', args, { grant: true, effect })
  const probed = await server.call('probe_effect', { tool: 'create_job_from_cronjob', arguments: args, effect })
  expect(probed.structuredContent).toMatchObject({ state: 'unknown' })
})

test('a CronJob that runs, or sleeps, is said to', async () => {
  const running = fakeCluster([backup(['backup-1'], { concurrencyPolicy: 'Allow', suspend: true })])
  expect(await ask(running, 'create_job_from_cronjob', { namespace: 'shop', name: 'backup' })).toMatchObject({
    warnings: ['backup-1 is running already.', expect.stringContaining('suspended')],
  })
})

test('apply rehearses without the mark, then writes with the version it read, the mark, and force for the mark alone', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const effect = crypto.randomUUID()
  const args = { ...at, manifest: manifest({ replicas: 3 }), dry_run: false }
  expect((await server.call('apply', args, { grant: true, effect })).structuredContent).toMatchObject({
    diff: [{ field: 'spec.replicas', from: 1, to: 3 }],
    undo: null,
  })
  const [rehearsal, real] = cluster.asked.filter(({ call }) => call === 'apply')
  expect(rehearsal).toMatchObject({ dryRun: true, force: false })
  expect(JSON.stringify(rehearsal?.patch)).not.toContain('watchkeeper/effects')
  expect(real).toMatchObject({
    dryRun: false,
    force: true,
    patch: { metadata: { resourceVersion: '100', annotations: { 'watchkeeper/effects': effect } } },
  })
})

test('another service account is said, because its rights come with it', async () => {
  const args = { ...at, manifest: manifest({ template: { spec: { serviceAccountName: 'admin' } } }) }
  expect((await ask(shop(), 'apply', args)).warnings).toEqual([expect.stringContaining('service account "admin"')])
})

test('a conflict with another manager stops the real run before anything is written', async () => {
  const cluster = shop()
  cluster.held = '.spec.replicas (kubectl)'
  const server = await serverOn(cluster)
  const args = { ...at, manifest: manifest({ replicas: 3 }), dry_run: false }
  expect((await server.call('apply', args, { grant: true })).structuredContent).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('kubectl') },
  })
  expect(cluster.asked.filter(({ dryRun }) => dryRun === false)).toEqual([])
})

test('a precondition of apply holds the values it would replace', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const args = { ...at, manifest: manifest({ replicas: 3 }) }
  const { precondition } = (await server.call('apply', args)).structuredContent
  await server.call(
    'scale',
    { namespace: 'shop', workload: 'deployment/cart', replicas: 2, dry_run: false },
    { grant: true },
  )
  const real = { ...args, dry_run: false, precondition }
  expect((await server.call('apply', real, { grant: true })).structuredContent).toMatchObject({
    error: { code: 'conflict' },
  })
})

test('what is not there yet is made, and its probe knows that it was not', async () => {
  const cluster = shop()
  cluster.remove('Deployment', 'cart')
  const server = await serverOn(cluster)
  const args = { ...at, manifest: manifest({ replicas: 1 }) }
  const dry = (await server.call('apply', args)).structuredContent
  expect(dry).toMatchObject({
    summary: 'Would make deployment/cart in shop as the manifest has it.',
    precondition: { uid: '' },
    diff: expect.arrayContaining([{ field: 'spec.replicas', from: null, to: 1 }]),
  })
  const real = { ...args, dry_run: false, precondition: dry.precondition }
  const effect = crypto.randomUUID()
  const probe = async () =>
    (await server.call('probe_effect', { tool: 'apply', arguments: real, effect })).structuredContent.state
  expect(await probe()).toBe('not_done')
  await server.call('apply', real, { grant: true, effect })
  expect(await probe()).toBe('done')
})

test('undo gives the template of the revision before, without the hash its controller adds', async () => {
  const cluster = shop()
  const answer = await ask(cluster, 'rollout_undo', { namespace: 'shop', workload: 'deployment/cart' })
  expect(answer).toMatchObject({
    summary: 'Would take deployment/cart in shop back to revision 1.',
    diff: expect.arrayContaining([{ field: 'spec.template.spec.containers[app].image', from: 'cart:1', to: 'cart:0' }]),
    undo: { tool: 'rollout_undo', arguments: { to_revision: 2 } },
  })
  expect(JSON.stringify(cluster.asked.at(-1)?.patch)).not.toContain('pod-template-hash')
})

test("another workload's ReplicaSets are no revisions of this one", async () => {
  const cluster = fakeCluster([cart()])
  const stranger = cartReplicaSet('old', '1')
  cluster.put({
    ...stranger,
    metadata: { ...stranger.metadata, ownerReferences: [{ kind: 'Deployment', uid: 'other' }] },
  })
  expect(await ask(cluster, 'rollout_undo', { namespace: 'shop', workload: 'deployment/cart' })).toMatchObject({
    error: { code: 'refused', message: expect.stringContaining('no revision before 2') },
  })
})

test('delete says what follows: the controller that makes another, pods that end, finalizers that hold it', async () => {
  const cluster = shop()
  const of = async (args: object) => (await ask(cluster, 'delete', { namespace: 'shop', ...args })).warnings
  expect(await of({ kind: 'Pod', name: 'cart-abc-1' })).toEqual(['ReplicaSet cart-abc makes another in its place.'])
  expect(await of({ kind: 'Deployment', name: 'cart' })).toEqual([expect.stringContaining('Its pods end with it')])
  const held = cart()
  cluster.put({ ...held, metadata: { ...held.metadata, finalizers: ['example.com/hold'] } })
  expect(await of({ kind: 'Deployment', name: 'cart' })).toContainEqual(expect.stringContaining('example.com/hold'))
})

test('a deletion and an eviction name the uid of what was seen', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const args = { namespace: 'shop', pod: 'cart-abc-1' }
  const { precondition } = (await server.call('evict_pod', args)).structuredContent
  const other = cartPod()
  cluster.put({ ...other, metadata: { ...other.metadata, uid: 'uid-other' } })
  const real = { ...args, dry_run: false, precondition }
  expect((await server.call('evict_pod', real, { grant: true })).structuredContent).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('made again') },
  })
  const effect = crypto.randomUUID()
  const probe = await server.call('probe_effect', { tool: 'evict_pod', arguments: real, effect })
  expect(probe.structuredContent).toMatchObject({ state: 'done', because: expect.stringContaining('a new one') })
  const unbound = { tool: 'evict_pod', arguments: args, effect }
  expect((await server.call('probe_effect', unbound)).structuredContent).toMatchObject({ state: 'unknown' })
})
