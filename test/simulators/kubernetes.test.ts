import { expect, test } from 'vitest'
import { ApiError } from './kubernetes/api-error.ts'
import { contentHash } from './kubernetes/names.ts'
import type { KubeObject } from './kubernetes/objects.ts'
import { jsonPatch, mergePatch, strategicMergePatch } from './kubernetes/patch.ts'
import { parseQuantity } from './kubernetes/quantity.ts'
import { routeOf } from './kubernetes/route.ts'
import { fieldSelector, labelSelector } from './kubernetes/selectors.ts'
import { age } from './kubernetes/tables.ts'
import { createWireFaults } from './kubernetes/wire-faults.ts'

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'cart-1',
    namespace: 'shop',
    uid: 'u',
    resourceVersion: '7',
    creationTimestamp: '2026-11-21T12:00:00Z',
    labels: { app: 'cart', tier: 'web' },
  },
  status: { phase: 'Running' },
}

test.each([
  ['app=cart', true],
  ['app==cart,tier=web', true],
  ['app!=cart', false],
  ['other!=cart', true],
  ['app in (cart, basket),tier', true],
  ['app notin (cart)', false],
  ['!other', true],
  ['!app', false],
])('the label selector %s gives %s for app=cart,tier=web', (selector, expected) => {
  expect(labelSelector(selector)(pod)).toBe(expected)
})

test.each([
  ['metadata.name=cart-1', true],
  ['metadata.namespace!=shop', false],
  ['status.phase=Running,spec.nodeName=', true],
  ['status.phase==Pending', false],
])('the field selector %s gives %s', (selector, expected) => {
  expect(fieldSelector(selector)(pod)).toBe(expected)
})

test('a selector that makes no sense is a 400', () => {
  expect(() => labelSelector('app=(x')).toThrow(ApiError)
  expect(() => fieldSelector('status.phase')).toThrow(ApiError)
})

const template = {
  containers: [{ name: 'cart', image: 'cart:1', env: [{ name: 'A', value: '1' }] }, { name: 'proxy' }],
}

test('a strategic merge patch meets containers and env by name and leaves the others alone', () => {
  const patch = { containers: [{ name: 'cart', image: 'cart:2', env: [{ name: 'B', value: '2' }] }] }
  expect(strategicMergePatch(template, patch)).toEqual({
    containers: [
      {
        name: 'cart',
        image: 'cart:2',
        env: [
          { name: 'A', value: '1' },
          { name: 'B', value: '2' },
        ],
      },
      { name: 'proxy' },
    ],
  })
  expect(strategicMergePatch(template, { containers: [{ name: 'proxy', $patch: 'delete' }] })).toEqual({
    containers: [template.containers[0]],
  })
})

test('a merge patch replaces lists whole and removes what is null', () => {
  expect(mergePatch({ a: [1, 2], b: { c: 1, d: 2 } }, { a: [3], b: { c: null } })).toEqual({ a: [3], b: { d: 2 } })
})

test('a JSON patch does each operation in turn and stops at a failed test', () => {
  const before = { spec: { replicas: 1 }, list: ['a', 'b'], 'x/y': 1 }
  const operations = [
    { op: 'test', path: '/spec/replicas', value: 1 },
    { op: 'replace', path: '/spec/replicas', value: 3 },
    { op: 'add', path: '/list/-', value: 'c' },
    { op: 'remove', path: '/list/0' },
    { op: 'remove', path: '/x~1y' },
  ]
  expect(jsonPatch(before, operations)).toEqual({ spec: { replicas: 3 }, list: ['b', 'c'] })
  expect(before.spec.replicas).toBe(1)
  expect(() => jsonPatch(before, [{ op: 'test', path: '/spec/replicas', value: 2 }])).toThrow('failed')
  expect(() => jsonPatch(before, [{ op: 'replace', path: '/spec/absent', value: 2 }])).toThrow('does not exist')
})

test.each([
  ['256Mi', 268435456],
  ['1.5Gi', 1610612736],
  ['500m', 0.5],
  ['2', 2],
  ['12 MB', undefined],
  ['', undefined],
])('the quantity %s is %s', (text, expected) => {
  expect(parseQuantity(text)).toBe(expected)
})

test('a template hash does not depend on the order of keys or on empty fields', () => {
  expect(contentHash({ a: 1, b: { c: 2 }, d: null, e: {} })).toBe(contentHash({ b: { c: 2 }, a: 1 }))
  expect(contentHash({ a: 1 })).not.toBe(contentHash({ a: 2 }))
})

test.each([
  [45, '45s'],
  [190, '3m10s'],
  [3600, '60m'],
  [4 * 3600 + 120, '4h2m'],
  [3 * 86_400, '3d'],
])('an age of %s seconds reads %s', (seconds, expected) => {
  expect(age('2026-11-21T12:00:00Z', Date.parse('2026-11-21T12:00:00Z') + seconds * 1000)).toBe(expected)
})

test('addresses are read as the API means them', () => {
  expect(routeOf('/apis/apps/v1/namespaces/shop/deployments/cart/scale')).toMatchObject({
    type: { kind: 'Deployment' },
    namespace: 'shop',
    name: 'cart',
    subresource: 'scale',
  })
  expect(routeOf('/api/v1/namespaces/shop')).toMatchObject({
    type: { kind: 'Namespace' },
    namespace: undefined,
    name: 'shop',
  })
  expect(routeOf('/api/v1/pods')).toMatchObject({ type: { kind: 'Pod' }, namespace: undefined, name: undefined })
  expect(() => routeOf('/api/v1/namespaces/shop/nodes')).toThrow('could not find the requested resource')
})

test('a fault on the wire meets one request, and no dry run unless it asks for those', () => {
  const faults = createWireFaults()
  faults.set({ kind: 'hang' }, { match: /^PATCH .*cart$/ })
  expect(faults.take('GET /cart', false)).toEqual([])
  expect(faults.take('PATCH /cart', true)).toEqual([])
  expect(faults.take('PATCH /cart', false)).toEqual([{ kind: 'hang' }])
  expect(faults.take('PATCH /cart', false)).toEqual([])
})
