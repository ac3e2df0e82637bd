import { expect, test } from 'vitest'
import { clip } from '../src/text.ts'

test('a cut is never within a character, and says how much is left out', () => {
  expect(clip('short', 5)).toBe('short')
  expect(clip('longer', 5)).toBe('longe… (1 more characters)')
  expect(clip('abc😀de', 4)).toBe('abc… (4 more characters)')
  expect(clip('abc😀de', 5)).toBe('abc😀… (2 more characters)')
})
