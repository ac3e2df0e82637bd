import { expect, test } from 'vitest'
import { parsePairs } from '../../../src/conversation/editing/parse-pairs.ts'

const pair = (field: string, value: string, step: number | null = null) => ({ step, field, value })

test.each([
  ['memory=2Gi', [pair('memory', '2Gi')]],
  [' memory = 2Gi , cpu=500m ', [pair('memory', '2Gi'), pair('cpu', '500m')]],
  ['2.replicas=3', [pair('replicas', '3', 2)]],
  ['limits.memory=2Gi; image="a b=c"', [pair('limits.memory', '2Gi'), pair('image', 'a b=c')]],
])('%j is read as pairs', (text, pairs) => {
  expect(parsePairs(text)).toEqual(pairs)
})

test.each(['give it 2Gi', 'memory=2Gi please', 'memory=', '=2Gi', 'a=b=c', '', 'memory==2Gi'])(
  '%j is words',
  (text) => {
    expect(parsePairs(text)).toBeUndefined()
  },
)

test('what is made to keep it busy does not', () => {
  const started = performance.now()
  for (const text of ['a=a'.repeat(330), 'a=a '.repeat(249), `${'a='.repeat(499)}!`, `${'a=b '.repeat(240)}!`])
    parsePairs(text)
  expect(performance.now() - started).toBeLessThan(200)
})
