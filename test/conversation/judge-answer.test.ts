import { expect, test } from 'vitest'
import { judgeAnswer } from '../../src/conversation/judge-answer.ts'
import type { JsonObject } from '../../src/domain/json.ts'
import { type ChatAnswer, NO_USAGE } from '../../src/inference/chat-model.ts'

const evidence = [
  { id: 'e1', source: 'alert', text: 'alertname: KubePodCrashLooping' },
  { id: 'e2', source: 'tool kubernetes.describe {}', text: 'restarts: 47, last_reason: OOMKilled' },
]

function judge(args: JsonObject, name = 'answer', unfit: string | undefined = undefined) {
  const refused: string[] = []
  const answer: ChatAnswer = { text: '', calls: [{ id: 'c', name, args }], ended: 'complete', usage: NO_USAGE }
  const standing = { tools: [], evidence, unfit: () => unfit, onRefused: (tool: string) => refused.push(tool) }
  return { judgement: judgeAnswer(answer, standing), refused }
}

const claim = (text: string, id: string, quote: string) => ({ text, cites: [{ evidence: id, quote }] })
const said = (claims: JsonObject[], more: JsonObject = {}) => ({
  kind: 'answered',
  claims,
  unknown: '',
  plan: null,
  ...more,
})

test('what its evidence holds stands, with where it was seen; the rest is dropped and counted', () => {
  const { judgement } = judge(
    said([
      claim('It was killed 47 times.', 'e2', 'restarts: 47'),
      claim('It was killed 48 times.', 'e2', 'restarts: 47'),
    ]),
  )
  expect(judgement).toMatchObject({
    ok: true,
    value: {
      held: {
        lines: [
          { text: 'It was killed 47 times.', cites: [{ evidence: 'e2', source: 'tool kubernetes.describe {}' }] },
        ],
        dropped: 1,
      },
    },
  })
})

test('an answer of which nothing stands is sent back, and then is "not known"', () => {
  const { judgement } = judge(said([claim('It is the disk.', 'e9', 'disk full')]))
  expect(judgement).toMatchObject({
    ok: false,
    signal: 'evidence',
    fallback: { held: { kind: 'not_known', lines: [], dropped: 1 } },
  })
})

test('of two citations only the one that holds is shown', () => {
  const both = {
    text: 'Out of memory.',
    cites: [
      { evidence: 'e2', quote: 'OOMKilled' },
      { evidence: 'e1', quote: 'OOMKilled' },
    ],
  }
  const { judgement } = judge(said([both]))
  expect(judgement).toMatchObject({ ok: true, value: { held: { lines: [{ cites: [{ evidence: 'e2' }] }] } } })
})

test('what could not be seen may name nothing that was not seen either', () => {
  const unknown = (text: string) =>
    judge(said([claim('It crashes.', 'e1', 'CrashLooping')], { unknown: text })).judgement
  expect(unknown('Whether the disk is full.')).toMatchObject({
    value: { held: { unknown: 'Whether the disk is full.' } },
  })
  expect(unknown('Whether `payments-7x` has 9912 errors.')).toMatchObject({ value: { held: { unknown: '' } } })
})

test('a plan that cannot be proposed is refused and recorded; a plan beside an answer is none', () => {
  const call = { tool: 'kubernetes.scale', arguments: [{ name: 'replicas', value: 0 }], why: 'x' }
  const plan = { runbook: '', inputs: [], actions: [call] }
  const { judgement, refused } = judge(said([], { kind: 'request', plan }), 'answer', 'There is no such tool.')
  expect(judgement).toMatchObject({ ok: false, signal: 'schema', repair: 'There is no such tool.' })
  expect(refused).toEqual(['plan'])
  const beside = judge(said([claim('It crashes.', 'e1', 'CrashLooping')], { plan })).judgement
  expect(beside).toMatchObject({ ok: true, value: { held: { plan: null } } })
})

test.each([
  ['no such tool', judge({}, 'kubernetes.delete')],
  ['a request without a plan', judge(said([], { kind: 'request' }))],
  ['an answer without a sentence', judge(said([]))],
  ['another shape', judge({ kind: 'approved' })],
])('%s does not fit', (_, { judgement }) => {
  expect(judgement).toMatchObject({ ok: false, signal: 'schema' })
})
