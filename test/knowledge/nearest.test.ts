import { expect, test } from 'vitest'
import { didYouMean, nearest } from '../../src/knowledge/nearest.ts'

test.each([
  ['cieling', ['id', 'title', 'ceiling'], 'ceiling'],
  ['kubernetes.set_resource', ['kubernetes.set_resources', 'kubernetes.scale'], 'kubernetes.set_resources'],
  ['mach', ['match', 'steps'], 'match'],
])('%s was meant to be one of %j', (word, candidates, meant) => {
  expect(nearest(word, candidates)).toBe(meant)
})

test('nothing is suggested where nothing is near', () => {
  expect(nearest('colour', ['id', 'title', 'match'])).toBeUndefined()
  expect(didYouMean('colour', ['id'])).toBe('')
})
