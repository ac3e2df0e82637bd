import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holds } from '../../src/knowledge/conditions.ts'
import type { Scope } from '../../src/knowledge/scope.ts'

const scope: Scope = {
  alert: { labels: { namespace: 'shop' }, annotations: { summary: 'It crashes.' } },
  inputs: { namespace: 'shop', replicas: 2 },
  checks: { before: { result: { restarts: 7 } } },
  result: {
    available: true,
    restarts_since: 0,
    limit: 1_073_741_824,
    load: 0.5,
    none: null,
    containers: [{ name: 'cart', last_reason: 'OOMKilled' }, { name: 'proxy' }],
    annotations: { 'a/b': 'c' },
  },
}

test.each([
  'result.available',
  'result.available && result.restarts_since == 0',
  'result.restarts_since == 0.0',
  'result.restarts_since < 1 && result.restarts_since <= 0.5',
  'result.load * 2 == 1',
  'result.load + 1 == 1.5',
  '2 * result.load == 1.0',
  'result.limit * 1.5 == 1610612736',
  'result.limit / 1024.0 > 1',
  'result.containers.exists(c, c.last_reason == "OOMKilled")',
  'result.containers.size() == 2 && result.containers[0].name == "cart"',
  'result.annotations["a/b"] == "c"',
  'result.none == null',
  '!has(result.lock)',
  'result.containers.filter(c, has(c.last_reason)).size() == 1',
  'checks.before.result.restarts > result.restarts_since',
  'checks["before"].result.restarts == 7',
  'inputs.namespace == alert.labels.namespace',
  'inputs.replicas == 2',
  'result.available || result.nothing_of_the_sort',
])('%s holds', (expression) => {
  expect(holds(expression, scope)).toEqual({ holds: true })
})

test.each([
  ['!result.available', undefined],
  ['result.restarts_since == "0"', undefined],
  ['result.restart_since == 0', 'looks at `restart_since`, which is not there'],
  ['!result.lock', 'not there'],
  ['!(result.lock > 3)', 'not there'],
  ['result.containers.all(c, c.last_reason != "OOMKilled")', undefined],
  ['result.containers.all(c, c.last_reason == "OOMKilled")', 'not there'],
  ['result.containers[9].name == "x"', 'not there'],
  ['checks.later.result.x == 1', 'not there'],
  ['result.constructor != null', 'not there'],
  ['result.__proto__ != null', 'not there'],
  ['result.limit', 'neither true nor false'],
  ['"true"', 'neither true nor false'],
  ['nobody == 1', 'Unknown variable'],
  ['result.available &&', 'is not a condition'],
  ['result.limit / 0 == 1', 'division by zero'],
  ['1 + "a" == 2', 'is not a condition'],
  ['', 'is not a condition'],
])('%s does not hold (%s)', (expression, because) => {
  const verdict = holds(expression, scope)
  expect(verdict.holds).toBe(false)
  if (because === undefined) expect(verdict.problem).toBeUndefined()
  else expect(verdict.problem).toContain(because)
})

test('without a result, what looks at it does not hold', () => {
  const { result: _, ...before } = scope
  expect(holds('result.available', before).holds).toBe(false)
})

test('keys that are names elsewhere are only names here', () => {
  const hostile = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}')
  expect(holds('result["__proto__"].polluted', { ...scope, result: hostile })).toEqual({ holds: true })
  expect(holds('result.polluted', { ...scope, result: hostile }).holds).toBe(false)
  expect('polluted' in {}).toBe(false)
})

test('depth and size of data do not break a condition', () => {
  let deep: unknown = 1
  for (let i = 0; i < 10_000; i++) deep = { deep }
  expect(holds('result.deep.deep != null', { ...scope, result: deep })).toEqual({ holds: true })
})

test('only a plain true holds, on any text and any data', () => {
  const expression = fc.oneof(
    fc.string(),
    fc.constantFrom('result', 'result.a', 'result.a == result.b', 'result.a > 1', 'size(result.a) > 0', 'result.a[0]'),
  )
  fc.assert(
    fc.property(expression, fc.jsonValue(), (text, result) => {
      const verdict = holds(text, { ...scope, result })
      expect(verdict.holds).toBeTypeOf('boolean')
      if (verdict.problem !== undefined) expect(verdict.holds).toBe(false)
    }),
  )
})
