import { expect, test } from 'vitest'
import { FITS_FROM, likelihood } from '../../../src/knowledge/retrieval/fit.ts'

test('a page with the name fits, whatever the figures say', () => {
  expect(likelihood({ score: 0, asked: 0, title: 0 }, true)).toBe(1)
})

test('the more of the query and of the title is shared, the likelier; words found by chance do not fit', () => {
  const strong = likelihood({ score: 20, asked: 0.9, title: 0.9 })
  const weak = likelihood({ score: 20, asked: 0.2, title: 0.1 })
  expect(strong).toBeGreaterThan(FITS_FROM)
  expect(weak).toBeLessThan(FITS_FROM)
  expect(likelihood({ score: 0, asked: 0, title: 0 })).toBeLessThan(FITS_FROM)
})
