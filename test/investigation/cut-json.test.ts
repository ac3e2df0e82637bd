import { expect, test } from 'vitest'
import { cutAll, cutEveryString } from '../../src/investigation/cut-json.ts'

const LOT = 64 * 1_024

test('a recording is searched in small lots, so that a card need not wait for the whole of it', async () => {
  const lots: string[][] = []
  const cut = async (texts: readonly string[]) => {
    lots.push([...texts])
    return texts.map((text) => text.replaceAll('hunter2', '[cut]'))
  }
  const texts = Array.from({ length: 40 }, (_, at) => `${at} hunter2 ${'x'.repeat(10_000)}`)
  const clean = texts.map((text) => text.replace('hunter2', '[cut]'))
  expect(await cutAll(texts, cut)).toEqual(clean)
  expect(await cutEveryString({ texts }, cut)).toEqual({ texts: clean })
  expect(lots.length).toBeGreaterThan(10)
  for (const lot of lots) expect(lot.join('').length).toBeLessThanOrEqual(LOT)
  lots.length = 0
  await cutAll(['a', 'b'.repeat(LOT + 1), 'c'], cut)
  expect(lots.map((lot) => lot.length)).toEqual([1, 1, 1])
})
