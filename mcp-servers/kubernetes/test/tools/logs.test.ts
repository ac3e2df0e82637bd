import { expect, test } from 'vitest'
import { cartPod, shop } from '../fake-cluster.ts'
import { ask, serverOn } from '../harness.ts'

const of = (args: object) => ({ namespace: 'shop', pod: 'cart-abc-1', ...args })

test('lines are cleaned, secrets in them masked', async () => {
  const cluster = shop()
  cluster.logText['cart-abc-1'] = 'one\n\u001b[31mtwo\u001b[0m password=hunter2secret\n'
  expect(await ask(cluster, 'logs', of({}))).toMatchObject({
    items: [{ pod: 'cart-abc-1', container: 'app', lines: ['one', 'two password=[masked]'], truncated: false }],
    total: 2,
  })
})

test('a key in which the log ends, or into which the window is cut, is not shown at any tail', async () => {
  const cluster = shop()
  const key = Array.from({ length: 99 }, (_, at) => `${at}`.padStart(3, '0').padEnd(64, 'MIIEpAIBAAKCAQEA7bq2'))
  const server = await serverOn(cluster)
  const began = ['starting', '-----BEGIN RSA PRIVATE KEY-----', ...key]
  for (const lines of [began, [...began, '-----END RSA PRIVATE KEY-----', 'listening']]) {
    cluster.logText['cart-abc-1'] = `${lines.join('\n')}\n`
    for (let tail = 1; tail <= lines.length; tail += 1) {
      const shown = JSON.stringify((await server.call('logs', of({ tail }))).structuredContent)
      expect(shown, `tail ${tail}`).not.toMatch(/MIIE/)
    }
  }
})

test('a line that only mentions the first line of a key hides none of those after it', async () => {
  const cluster = shop()
  const lines = Array.from({ length: 110 }, (_, at) => `line ${at}`)
  lines[20] = 'bad deploy key: it must begin with -----BEGIN OPENSSH PRIVATE KEY-----'
  cluster.logText['cart-abc-1'] = `${lines.join('\n')}\n`
  expect(await ask(cluster, 'logs', of({ tail: 10 }))).toMatchObject({
    items: [{ lines: lines.slice(-10) }],
    total: 10,
  })
})

test('the lines that are read before the window are neither shown nor counted', async () => {
  const cluster = shop()
  cluster.logText['cart-abc-1'] = `${Array.from({ length: 50 }, (_, at) => `line ${at}`).join('\n')}\n`
  expect(await ask(cluster, 'logs', of({ tail: 2 }))).toMatchObject({
    items: [{ lines: ['line 48', 'line 49'], truncated: false }],
    total: 2,
  })
})

test('grep finds plain text, also what would be a pattern', async () => {
  const cluster = shop()
  cluster.logText['cart-abc-1'] = 'GET /a 200\nGET /b 500 (.*)\nGET /c 500\n'
  expect(await ask(cluster, 'logs', of({ grep: '(.*)' }))).toMatchObject({ items: [{ lines: ['GET /b 500 (.*)'] }] })
  expect(cluster.asked.at(-1)?.query).toMatchObject({ tail: 5_100 })
})

test('previous, since and tail reach the API server', async () => {
  const cluster = shop()
  await ask(cluster, 'logs', of({ previous: true, since_seconds: 60, tail: 5, container: 'app' }))
  expect(cluster.asked.at(-1)?.query).toMatchObject({ previous: true, sinceSeconds: 60, tail: 105, container: 'app' })
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
