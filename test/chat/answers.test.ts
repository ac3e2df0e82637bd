import { expect, test } from 'vitest'
import { tellAnswer } from '../../src/chat/answers.ts'
import { numberIn } from '../../src/chat/telegram-addressed.ts'
import type { Answer } from '../../src/domain/answer.ts'

const answer: Answer = {
  ...{ kind: 'answer', by: 'model', notes: [], degraded: [], evidence: [], unsupported: 0, looks: 2, refused: [] },
  lines: [
    {
      text: 'It was killed for its memory.',
      cites: [{ evidence: 'e3', source: 'tool kubernetes.describe {}', quote: 'OOMKilled' }],
    },
    { text: 'It has 1Gi.', cites: [{ evidence: 'e3', source: 'tool kubernetes.describe {}', quote: 'OOMKilled' }] },
  ],
  models: [{ model: 'qwen3:8b', place: 'local', reason: 'mode', because: 'the mode is local_first' }],
  ...{ tokens: 900, microUsd: 0, plan: null },
}

test('an answer says what it rests on once, which model said it and what it cost', () => {
  const told = tellAnswer(answer)
  expect(told.lines).toEqual(['It was killed for its memory.', 'It has 1Gi.'])
  expect(told.seen).toEqual(['tool kubernetes.describe {}: “OOMKilled”'])
  expect(told.footer).toBe('qwen3:8b (local) · no cost · 2 looks')
})

test('the cloud is named with why it was asked, and what was left out is counted', () => {
  const cloud = { model: 'large', place: 'cloud' as const, reason: 'evidence', because: 'it cited what does not hold' }
  const told = tellAnswer({
    ...answer,
    models: [cloud],
    microUsd: 12_300,
    unsupported: 1,
    refused: [{ tool: 'x', because: 'y' }],
  })
  expect(told.footer).toBe(
    'large (cloud: it cited what does not hold) · $0.01 · 2 looks · 1 unsupported, left out · 1 refused',
  )
})

test('what is no answer says so, and shows nothing of itself', () => {
  expect(tellAnswer({ failed: 'It could not be looked into.' }).lines).toEqual(['It could not be looked into.'])
  expect(tellAnswer({ secret: 'x' }).lines).toEqual(['It could not be answered. Ask once more.'])
  expect(tellAnswer(null).lines).toEqual(['It could not be answered. Ask once more.'])
})

test('hostile text is on one line, bounded, and without what cannot be seen', () => {
  const text = `a\u202eb\n\n<b>@admin</b> ${'x'.repeat(2_000)}`
  const [line = ''] = tellAnswer({ ...answer, lines: [{ text, cites: [] }] }).lines
  expect(line).toContain('a\\u{202E}b <b>@admin</b>')
  expect(line.length).toBeLessThanOrEqual(420)
})

test.each([
  ['how is #12?', 12],
  ['#7', 7],
  ['(#12)', 12],
  ['what about &#39; that', undefined],
  ['issue#12', undefined],
  ['#12abc', undefined],
  ['##', undefined],
])('%j names %s', (text, number) => {
  expect(numberIn(text)).toBe(number)
})
