import { expect, test } from 'vitest'
import { type BudgetLimits, refusedBy, type Spent } from '../../src/inference/budget.ts'
import { costOf, mostOf } from '../../src/inference/prices.ts'

const limits: BudgetLimits = {
  incident: { tokens: 1_000, microUsd: 500_000, calls: 3 },
  day: { tokens: 10_000, microUsd: 1_000_000 },
  month: { tokens: 100_000, microUsd: 5_000_000 },
  keptForCritical: 0.3,
}

function spent(over: { calls?: number; incident?: number; day?: number; month?: number; tokens?: number }): Spent {
  return {
    incident: { tokens: over.tokens ?? 0, microUsd: over.incident ?? 0, calls: over.calls ?? 0 },
    day: { tokens: 0, microUsd: over.day ?? 0 },
    month: { tokens: 0, microUsd: over.month ?? 0 },
  }
}

const call = { tokens: 100, microUsd: 100_000, critical: false, place: 'cloud' } as const

test.each([
  ['nothing spent', spent({}), call, undefined],
  ['the calls of the incident', spent({ calls: 3 }), call, /made its 3 calls/],
  ['the tokens of the incident', spent({ tokens: 950 }), call, /used 950 of 1000 tokens/],
  ['the money of the incident', spent({ incident: 450_000 }), call, /This incident has spent \$0\.45 of \$0\.50/],
  ['the day, as far as it is for everybody', spent({ day: 650_000 }), call, /kept for critical incidents/],
  ['the rest of the day, for a critical one', spent({ day: 650_000 }), { ...call, critical: true }, undefined],
  ['the whole day', spent({ day: 950_000 }), { ...call, critical: true }, /Today has spent/],
  ['the month', spent({ month: 4_950_000 }), { ...call, critical: true }, /This month has spent/],
  [
    'a local model, when the month is gone',
    spent({ month: 9e9 }),
    { ...call, microUsd: 0, place: 'local' as const },
    undefined,
  ],
  ['a local model, when the incident is', spent({ tokens: 999 }), { ...call, place: 'local' as const }, /tokens/],
])('%s', (_, gone, want, expected) => {
  const because = refusedBy(limits, gone, want)
  if (expected === undefined) expect(because).toBeUndefined()
  else expect(because).toMatch(expected)
})

test('a call costs what the table says, and never more than what was reserved for it', () => {
  const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }
  const usage = { inputTokens: 1_000, outputTokens: 100, cacheReadTokens: 2_000, cacheWriteTokens: 500 }
  expect(costOf(usage, price)).toBe(3_000 + 1_500 + 600 + 1_875)
  expect(costOf(usage, price)).toBeLessThan(mostOf({ input: 3_500, output: 100 }, price))
})
