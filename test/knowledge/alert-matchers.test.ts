import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatMatcher, matches, parseMatcher } from '../../src/knowledge/alert-matchers.ts'
import { anyText } from './any-text.ts'

const labels = { namespace: 'shop', pod: 'cart-7d9f', severity: 'critical' }

function judge(text: string, on: Record<string, string> = labels): boolean {
  const parsed = parseMatcher(text)
  if ('problem' in parsed) throw new Error(`${text}: ${parsed.problem}`)
  return matches(parsed.matcher, on)
}

test.each([
  ['namespace="shop"', true],
  ['namespace=shop', true],
  ['  namespace = "shop"  ', true],
  ['namespace="Shop"', false],
  ['namespace!="shop"', false],
  ['namespace!=media', true],
  ['pod=~"cart-.*"', true],
  ['pod=~cart-.*', true],
  ['pod=~"cart"', false], // anchored at both ends
  ['pod=~".*7d9f|x"', true],
  ['pod=~"a|cart-.*"', true],
  ['namespace!~"kube-system|kube-public"', true],
  ['namespace!~"sh.p|kube-public"', false],
  ['severity=~"(?i)CRITICAL"', true],
  ['severity=~"CRITICAL"', false],
  ['"severity"="critical"', true],
  ['absent=""', true],
  ['absent!=""', false],
  ['absent=~".*"', true],
  ['absent=~".+"', false],
  ['absent!~"x"', true],
  ['constructor=""', true],
  ['__proto__=""', true],
])('%s', (text, holds) => {
  expect(judge(text)).toBe(holds)
})

test.each([
  ['path="a\\\\b\\"c\\nd"', { path: 'a\\b"c\nd' }],
  ['path=~"\\\\d+"', { path: '42' }],
  ['path=~"\\d+"', { path: '42' }],
  ['path="a,b"', { path: 'a,b' }],
  ['path=""', {}],
])('quoted values: %s', (text, on) => {
  expect(judge(text, on)).toBe(true)
})

test.each([
  ['namespace', 'not of the form'],
  ['="shop"', 'not of the form'],
  ['9x="a"', 'not of the form'],
  ['a="b', 'not well quoted'],
  ['a=b"', 'not well quoted'],
  ['a=b,c=d', 'not well quoted'],
  ['{a="b"}', 'not of the form'],
  ['a="b",c="d"', 'not well quoted'],
  ['a=~"("', 'not a regular expression'],
  ['a=~"(a+)+"', 'repeats a group'],
  ['a=~"(a|aa)*"', 'repeats a group'],
  ['a=~"((x*))*"', 'repeats a group'],
  ['a=~"(?=x)y"', 'looks ahead'],
  ['a=~"(x)\\\\1"', 'refers back'],
  [`a=~"${'x'.repeat(501)}"`, 'longer than'],
])('%s is refused: %s', (text, because) => {
  const parsed = parseMatcher(text)
  expect('problem' in parsed && parsed.problem).toContain(because)
})

test('a pattern is never tried on a value beyond its bound', () => {
  expect(judge('a=~"x*"', { a: 'x'.repeat(4_096) })).toBe(true)
  expect(judge('a=~"x*"', { a: 'x'.repeat(4_097) })).toBe(false)
})

test('any value survives being quoted and read again', () => {
  fc.assert(
    fc.property(anyText, fc.constantFrom('=' as const, '!=' as const), (value, operator) => {
      const matcher = { label: 'x', operator, value }
      expect(parseMatcher(formatMatcher(matcher))).toEqual({ matcher })
      expect(matches(matcher, { x: value })).toBe(operator === '=')
    }),
  )
})

test('no text makes the parser throw', () => {
  const text = fc.oneof(
    anyText,
    fc.string().map((value) => `a=~"${value}"`),
  )
  fc.assert(
    fc.property(text, (value) => {
      expect(parseMatcher(value)).toBeTypeOf('object')
    }),
  )
})
