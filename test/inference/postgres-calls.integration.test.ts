import { afterAll, expect, test } from 'vitest'
import type { CallEntry } from '../../src/inference/call-book.ts'
import { postgresCalls, spentSoFar } from '../../src/inference/postgres-calls.ts'
import { testDatabase } from '../support/postgres.ts'

const db = await testDatabase()
afterAll(db.close)

const limits = {
  incident: { tokens: 1e9, microUsd: 1e9, calls: 1_000 },
  day: { tokens: 1e9, microUsd: 1_000 },
  month: { tokens: 1e9, microUsd: 10_000 },
  keptForCritical: 0,
}

const entry: CallEntry = {
  incident: null,
  critical: false,
  purpose: 'test',
  prompt: 'test@1',
  provider: 'anthropic',
  model: 'claude-sonnet-5-5',
  place: 'cloud',
  reason: 'schema',
  because: 'It does not fit.',
  repair: false,
  reservedTokens: 100,
  reservedMicroUsd: 100,
  redacted: { host: 3 },
}

test('F9: of many calls at once only as many are let through as the day has money for; settling gives back what was left', async () => {
  const book = postgresCalls(db.sql, limits)
  const opened = await Promise.all(Array.from({ length: 30 }, () => book.open(entry)))
  const let_ = opened.flatMap((one) => ('id' in one ? [one.id] : []))
  expect(let_).toHaveLength(10)
  expect(opened.find((one) => 'refused' in one)).toMatchObject({
    refused: expect.stringMatching(/Today has spent \$0\.0010 of/),
  })
  const usage = { inputTokens: 10, outputTokens: 5, cacheReadTokens: 0, cacheWriteTokens: 0 }
  const end = { usage, microUsd: 40, tokens: 15, latencyMs: 12 }
  await book.close(let_[0] ?? '', end)
  await book.close(let_[0] ?? '', { ...end, microUsd: 0 })
  expect((await spentSoFar(db.sql, null)).day).toEqual({ tokens: 915, microUsd: 940 })
  const [row] =
    await db.sql`select status, reason, because, redacted, input_tokens from inference_calls where status = 'done'`
  expect(row).toEqual({
    status: 'done',
    reason: 'schema',
    because: 'It does not fit.',
    redacted: { host: 3 },
    input_tokens: 10,
  })
})
