import { expect, test } from 'vitest'
import { cartPod, shop } from '../fake-cluster.ts'
import { ask } from '../harness.ts'

test('rows become items with the columns by name', async () => {
  expect(await ask(shop(), 'list', { kind: 'po', namespace: 'shop' })).toEqual({
    summary: '1 Pod in shop.',
    kind: 'Pod',
    items: [{ namespace: 'shop', name: 'cart-abc-1', columns: { status: 'fine', up_to_date: 3 } }],
    truncated: false,
    total: 1,
    next: null,
  })
})

test('a page says that there is more, how many in all, and how to go on', async () => {
  const cluster = shop()
  for (const at of [2, 3, 4]) cluster.put(cartPod(`cart-abc-${at}`))
  expect(await ask(cluster, 'list', { kind: 'Pod', limit: 2 })).toMatchObject({
    truncated: true,
    total: 4,
    next: 'more',
  })
})

test('selectors, limits and continuation reach the API server', async () => {
  const cluster = shop()
  await ask(cluster, 'list', {
    kind: 'Pod',
    label_selector: 'app=cart',
    field_selector: 'status.phase=Running',
    continue: 'abc',
  })
  expect(cluster.asked[0]?.query).toMatchObject({
    labels: 'app=cart',
    fields: 'status.phase=Running',
    limit: 50,
    continue: 'abc',
  })
})

test('a kind that is not there is said so', async () => {
  expect(await ask(shop(), 'list', { kind: 'Unicorn' })).toMatchObject({
    error: { code: 'not_found', message: 'This cluster has no kind "Unicorn".' },
  })
})
