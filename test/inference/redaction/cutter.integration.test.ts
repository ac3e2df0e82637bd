import { afterEach, expect, test } from 'vitest'
import { type Cutter, cutter, RedactionError } from '../../../src/inference/redaction/cutter.ts'

let cutting: Cutter
afterEach(() => cutting.close())

const slow = (timeoutMs: number) => cutter({ timeoutMs, worker: new URL('slow-worker.ts', import.meta.url) })
const texts = (cuts: readonly { text: string }[]) => cuts.map(({ text }) => text)

test('A13: a text that takes too long is refused by itself: what waits behind it is searched anew', async () => {
  cutting = slow(1_500)
  const endless = cutting.cut(['endless'])
  const behind = [cutting.cut(['a card']), cutting.cut(['a question', 'a card'])]
  await expect(endless).rejects.toThrow(RedactionError)
  expect((await Promise.all(behind)).map(texts)).toEqual([['a card'], ['a question', 'a card']])
})

test('the time of a text runs from when it is looked at: a queue of them is not late', async () => {
  cutting = slow(1_000)
  const all = Array.from({ length: 15 }, (_, at) => cutting.cut([`text ${at}`]))
  expect((await Promise.all(all)).flatMap(texts)).toHaveLength(15)
})

test('what waits is refused when it is closed', async () => {
  cutting = slow(60_000)
  const waiting = [cutting.cut(['endless']), cutting.cut(['a card'])].map((cut) => cut.catch((error: Error) => error))
  await cutting.close()
  for (const refused of await Promise.all(waiting)) expect(refused).toBeInstanceOf(RedactionError)
})
