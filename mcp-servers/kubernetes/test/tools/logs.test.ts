import { expect, test } from 'vitest'
import { cartPod, shop } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

const of = (args: object) => ({ namespace: 'shop', pod: 'cart-abc-1', ...args })

test('lines are cleaned, secrets in them masked', async () => {
  const cluster = shop()
  cluster.logText['cart-abc-1'] = 'one\n\u001b[31mtwo\u001b[0m password=hunter2secret\n'
  expect(await ask(cluster, 'logs', of({}))).toMatchObject({
    items: [{ pod: 'cart-abc-1', container: 'app', lines: ['one', 'two password=[masked]'], truncated: false }],
    total: 2,
  })
})

test('grep finds plain text, also what would be a pattern', async () => {
  const cluster = shop()
  cluster.logText['cart-abc-1'] = 'GET /a 200\nGET /b 500 (.*)\nGET /c 500\n'
  expect(await ask(cluster, 'logs', of({ grep: '(.*)' }))).toMatchObject({ items: [{ lines: ['GET /b 500 (.*)'] }] })
  expect(cluster.asked.at(-1)?.query).toMatchObject({ tail: 5_000 })
})

test('previous, since and tail reach the API server', async () => {
  const cluster = shop()
  await ask(cluster, 'logs', of({ previous: true, since_seconds: 60, tail: 5, container: 'app' }))
  expect(cluster.asked.at(-1)?.query).toMatchObject({ previous: true, sinceSeconds: 60, tail: 5, container: 'app' })
})

test('of a workload, the pods in trouble come first', async () => {
  const cluster = shop()
  cluster.put(cartPod('cart-abc-2', { ready: false, restarts: 9 }))
  const answer = await ask(cluster, 'logs', { namespace: 'shop', workload: 'deployment/cart' })
  expect((answer.items as { pod: string }[]).map(({ pod }) => pod)).toEqual(['cart-abc-2', 'cart-abc-1'])
})

test('a container that is not there, and both or none of pod and workload, are refused', async () => {
  expect(await ask(shop(), 'logs', of({ container: 'sidecar' }))).toMatchObject({
    error: { message: 'cart-abc-1 has no container "sidecar"; it has app.' },
  })
  expect(await ask(shop(), 'logs', of({ workload: 'deployment/cart' }))).toMatchObject({ error: { code: 'invalid' } })
  expect(await ask(shop(), 'logs', { namespace: 'shop' })).toMatchObject({ error: { code: 'invalid' } })
})
