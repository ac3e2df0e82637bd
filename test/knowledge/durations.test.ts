import { expect, test } from 'vitest'
import { parseDuration } from '../../src/knowledge/durations.ts'

test.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['2d', 172_800_000],
  ['1w', 604_800_000],
])('%s is %d milliseconds', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '10', '10 m', 'm', '30m1h', '1m1m', '-5m', '1.5h', '0s', 'ten', '10M', '10m\n'])(
  '%j is not a duration',
  (text) => {
    expect(parseDuration(text)).toBeUndefined()
  },
)
