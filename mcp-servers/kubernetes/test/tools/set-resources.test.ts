import { expect, test } from 'vitest'
import { cart, fakeCluster, shop } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'

const args = { namespace: 'shop', workload: 'deployment/cart' }

test('bytes become the unit people write, and the way back is captured', async () => {
  expect(await ask(shop(), 'set_resources', { ...args, memory: 1610612736 })).toMatchObject({
    summary: 'Would set memory 1536Mi of deployment/cart in shop.',
    diff: [{ field: 'app.limits.memory', from: '1Gi', to: '1536Mi' }],
    undoable: true,
    undo: {
      tool: 'set_resources',
      arguments: { namespace: 'shop', workload: 'deployment/cart', container: 'app', memory: '1Gi' },
    },
  })
})

test('the way back leads back', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const there = await server.call(
    'set_resources',
    { ...args, memory: '2Gi', cpu: null, dry_run: false },
    { grant: true },
  )
  const { undo } = there.structuredContent as { undo: { tool: string; arguments: Record<string, unknown> } }
  const back = await server.call(undo.tool, { ...undo.arguments, dry_run: false }, { grant: true })
  expect(back.structuredContent).toMatchObject({
    diff: [
      { field: 'app.limits.memory', from: '2Gi', to: '1Gi' },
      { field: 'app.limits.cpu', from: null, to: '500m' },
    ],
  })
})

test('the way back is refused when the values are no longer ours', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const there = await server.call('set_resources', { ...args, memory: '2Gi', dry_run: false }, { grant: true })
  await server.call('set_resources', { ...args, memory: '3Gi', dry_run: false }, { grant: true })
  const { undo } = there.structuredContent as { undo: { tool: string; arguments: Record<string, unknown> } }
  const back = await server.call(undo.tool, { ...undo.arguments, dry_run: false }, { grant: true })
  expect(back.structuredContent).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('"3Gi"') },
  })
})

test.each([
  ['a limit below the request', { memory: '256Mi' }, 'below its request 512Mi. Give memory_request too.'],
  ['a request above the limit', { memory_request: '2Gi' }, 'below its request 2Gi. Give memory too.'],
  ['a limit below the request given with it', { memory: '1Gi', memory_request: '2Gi' }, 'below its request 2Gi.'],
  ['half a byte', { memory: '512m' }, 'between 4Mi and 16Ti'],
  ['no quantity', { memory: '1.2.3' }, 'must be a quantity'],
  ['nothing', {}, 'Say what to set'],
  ['a container that is not there', { container: 'db', memory: '1Gi' }, 'has the containers app'],
])('%s is refused', async (_what, wanted, because) => {
  const cluster = shop()
  const answer = await ask(cluster, 'set_resources', { ...args, ...wanted })
  expect(answer).toMatchObject({ error: { code: 'invalid', message: expect.stringContaining(because) } })
  expect(cluster.asked.filter(({ call }) => call === 'patch')).toEqual([])
})

test('limit and request together may go down', async () => {
  expect(await ask(shop(), 'set_resources', { ...args, memory: '256Mi', memory_request: 268435456 })).toMatchObject({
    diff: [
      { field: 'app.limits.memory', from: '1Gi', to: '256Mi' },
      { field: 'app.requests.memory', from: '512Mi', to: '256Mi' },
    ],
  })
})

test('a run whose precondition no longer holds is refused and patches nothing', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const { precondition } = (await server.call('set_resources', { ...args, memory: '2Gi' })).structuredContent
  await server.call('set_resources', { ...args, memory: '3Gi', dry_run: false }, { grant: true })
  const patches = cluster.asked.length
  const answer = await server.call(
    'set_resources',
    { ...args, memory: '2Gi', dry_run: false, precondition },
    { grant: true },
  )
  expect(answer.structuredContent).toMatchObject({ error: { code: 'conflict' } })
  expect(cluster.asked.slice(patches).filter(({ call }) => call === 'patch')).toEqual([])
})

test('an object made anew under the same name is refused', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  const { precondition } = (await server.call('set_resources', { ...args, memory: '2Gi' })).structuredContent
  const other = cart()
  cluster.put({ ...other, metadata: { ...other.metadata, uid: 'uid-other' } })
  const answer = await server.call(
    'set_resources',
    { ...args, memory: '2Gi', dry_run: false, precondition },
    { grant: true },
  )
  expect(answer.structuredContent).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('made again') },
  })
})

test('a status update between the read and the patch is no conflict', async () => {
  const cluster = shop()
  const server = await serverOn(cluster)
  cluster.moveBeforePatch(2)
  const answer = await server.call('set_resources', { ...args, memory: '2Gi', dry_run: false }, { grant: true })
  expect(answer.structuredContent).toMatchObject({ diff: [{ to: '2Gi' }] })
  expect(cluster.asked.filter(({ call }) => call === 'patch')).toHaveLength(3)
})

test('several containers: the default one by annotation, or the named one', async () => {
  const containers = [{ name: 'app' }, { name: 'proxy' }]
  const template = (annotations: Record<string, string>) => ({ metadata: { annotations }, spec: { containers } })
  const plain = fakeCluster([cart({ spec: { template: template({}) } })])
  expect(await ask(plain, 'set_resources', { ...args, memory: '1Gi' })).toMatchObject({
    error: { message: expect.stringContaining('app, proxy') },
  })
  const marked = fakeCluster([
    cart({ spec: { template: template({ 'kubectl.kubernetes.io/default-container': 'proxy' }) } }),
  ])
  expect(await ask(marked, 'set_resources', { ...args, memory: '1Gi' })).toMatchObject({
    diff: [{ field: 'proxy.limits.memory', from: null }],
  })
})
