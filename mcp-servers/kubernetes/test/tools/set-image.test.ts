import { expect, test } from 'vitest'
import { cart, fakeCluster, shop } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'

const args = { namespace: 'shop', workload: 'deployment/cart' }

test('a dry run shows the image before and after, and the way back', async () => {
  expect(await ask(shop(), 'set_image', { ...args, image: 'cart:2' })).toMatchObject({
    summary: 'Would set the image of deployment/cart in shop to cart:2.',
    diff: [{ field: 'app.image', from: 'cart:1', to: 'cart:2' }],
    warnings: [],
    undo: { tool: 'set_image', arguments: { ...args, container: 'app', image: 'cart:1' } },
  })
})

test('the way back leads back', async () => {
  const server = await serverOn(shop())
  const there = await server.call('set_image', { ...args, image: 'cart:2', dry_run: false }, { grant: true })
  const { undo } = there.structuredContent as { undo: { tool: string; arguments: Record<string, unknown> } }
  const back = await server.call(undo.tool, { ...undo.arguments, dry_run: false }, { grant: true })
  expect(back.structuredContent).toMatchObject({ diff: [{ from: 'cart:2', to: 'cart:1' }] })
})

test('another registry and a tag that moves are said', async () => {
  const of = async (image: string) => (await ask(shop(), 'set_image', { ...args, image })).warnings
  expect(await of('evil.example/cart:1')).toEqual([
    'The image comes from another place: cart before, evil.example/cart now.',
  ])
  expect(await of('cart:latest')).toEqual([expect.stringContaining('another image tomorrow')])
  expect(await of('cart')).toEqual([expect.stringContaining('another image tomorrow')])
  expect(await of(`cart:1.4@sha256:${'a'.repeat(64)}`)).toEqual([])
})

test('with several containers it must be said which', async () => {
  const template = { spec: { containers: [{ name: 'app' }, { name: 'proxy' }] } }
  const cluster = fakeCluster([cart({ spec: { template } })])
  expect(await ask(cluster, 'set_image', { ...args, image: 'cart:2' })).toMatchObject({
    error: { message: expect.stringContaining('app, proxy') },
  })
  expect(await ask(cluster, 'set_image', { ...args, image: 'cart:2', container: 'proxy' })).toMatchObject({
    diff: [{ field: 'proxy.image' }],
  })
})
