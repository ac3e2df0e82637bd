import { expect, test } from 'vitest'
import { search } from '../bench/redact/search.ts'

test('A9: no reading tool of any server shows a planted secret, whatever its kind', async () => {
  const { tools, kinds, planted, leaked } = await search()
  expect(leaked).toEqual([])
  expect(tools).toBeGreaterThan(5)
  expect(kinds).toBeGreaterThan(20)
  expect(planted).toBeGreaterThan(kinds)
})
