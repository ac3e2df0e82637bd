import { afterAll, expect, test } from 'vitest'
import { vectorScan } from '../../../src/knowledge/index/vector-scan.ts'
import { along } from './contract.ts'

const scan = await vectorScan()
afterAll(() => scan.close())

test('the best of a page’s vectors counts; what was replaced or removed is not found', async () => {
  await scan.put([
    { id: 'a', vectors: [along(1), along(2)] },
    { id: 'b', vectors: [along(2, 3)] },
  ])
  const cosines = async () =>
    (await scan.search(along(2), 5)).map(({ id, cosine }) => [id, Math.round(cosine * 100) / 100])
  expect(await cosines()).toEqual([
    ['a', 1],
    ['b', 0.71],
  ])
  await scan.put([{ id: 'a', vectors: [along(9)] }])
  await scan.remove(['nobody'])
  expect(await cosines()).toEqual([
    ['b', 0.71],
    ['a', 0],
  ])
  await scan.remove(['b'])
  expect(await cosines()).toEqual([['a', 0]])
})

test('a vector of the wrong length is refused', async () => {
  await expect(scan.put([{ id: 'c', vectors: [new Float32Array(3)] }])).rejects.toThrow('3 numbers instead of 768')
})

test('after the thread has ended, calls fail instead of waiting', async () => {
  const other = await vectorScan()
  await other.close()
  await expect(other.search(along(1), 1)).rejects.toThrow('has ended')
})
