import { expect, test } from 'vitest'
import { fit, page } from '../src/results.ts'
import { cleanText, oneLine } from '../src/text.ts'

test('an answer that is too large loses items from its end and says so', () => {
  const items = Array.from({ length: 1_000 }, (_, at) => ({ at, text: 'x'.repeat(100) }))
  const fitted = fit({ summary: 'many', items, truncated: false, total: 1_000 }, { bytes: 10_000, text: 500 })
  expect(fitted).toMatchObject({ truncated: true, total: 1_000 })
  expect(Buffer.byteLength(JSON.stringify(fitted))).toBeLessThanOrEqual(10_000)
  expect(Array.isArray(fitted?.items) && fitted.items.length).toBeGreaterThan(50)
})

test('an answer that cannot be made to fit is none', () => {
  expect(fit({ summary: 'x', lines: Array(100).fill('y'.repeat(200)) }, { bytes: 1_000, text: 500 })).toBeUndefined()
})

test('long texts are cut and counted', () => {
  expect(fit({ summary: 'a'.repeat(30) }, { bytes: 1_000, text: 10 })).toEqual({
    summary: `${'a'.repeat(10)}… (20 more characters)`,
  })
})

test('the name of an event stays on its way out, and a token in its message does not', () => {
  const answer = { items: [{ name: 'keeper.1879f2c04be1d36a', message: 'joined with keeper.1879f2c04be1d36a' }] }
  expect(fit(answer)).toEqual({ items: [{ name: 'keeper.1879f2c04be1d36a', message: 'joined with [masked]' }] })
})

test('a key that a list of lines was cut into is masked on its way out', () => {
  const cut = ['MIIEpAIBAAKCAQEA7bq2cutlinecutlinecutline', 'Zm9v', '-----END RSA PRIVATE KEY-----', 'listening']
  const answer = {
    node: 'a',
    items: [
      { pod: 'b', lines: ['ready'] },
      { pod: 'c', lines: cut },
    ],
  }
  expect(fit(answer)).toEqual({
    node: 'a',
    items: [
      { pod: 'b', lines: ['ready'] },
      { pod: 'c', lines: ['[masked]', '[masked]', '[masked]', 'listening'] },
    ],
  })
})

test('a page knows the true total', () => {
  expect(page([1, 2, 3], 2)).toEqual({ items: [1, 2], truncated: true, total: 3 })
})

test('terminal sequences, controls, hidden and broken characters go; text, tabs and lines stay', () => {
  expect(cleanText('\u001b]0;title\u0007\u001b[1;31mred\u001b[0m\u0000\u0008')).toBe('red')
  expect(cleanText('a\u200bb\u202ec\ufeffd\ud800')).toBe('abcd\ufffd')
  expect(cleanText('one\n\ttwo — ünïcode 🔴')).toBe('one\n\ttwo — ünïcode 🔴')
  expect(oneLine('one\r\n  two\n')).toBe('one two')
})
