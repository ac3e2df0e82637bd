import { expect, test } from 'vitest'
import { queryTerms } from '../../../src/knowledge/retrieval/symptoms.ts'

test('the summary weighs three times as much as the rest, and a pair 0.3 of its words', () => {
  const terms = queryTerms({ alertname: 'PodDown', summary: 'memory limit', description: 'memory pressure' })
  expect(terms.get('memori')).toBe(3)
  expect(terms.get('memori limit')).toBeCloseTo(0.9)
  expect(terms.get('pressur')).toBe(1)
  expect(terms.get('pod')).toBe(1)
})

test('what names a thing is not searched for', () => {
  const labels = { instance: '10.0.3.17:9100', pod: 'cart-7d9f8b6c5d-x2lkq', namespace: 'shop-1', severity: 'critical' }
  const description =
    'cart-7d9f8b6c5d-x2lkq in shop-1 on 10.0.3.17:9100 (fe80::1:2:3, db.example.org) uses 5f3a9c8e11 memory'
  expect([...queryTerms({ description, labels }).keys()].filter((term) => !term.includes(' '))).toEqual([
    'us',
    'memori',
  ])
})

test('labels are never searched for', () => {
  expect(queryTerms({ labels: { severity: 'critical', job: 'node-exporter' } }).size).toBe(0)
})
