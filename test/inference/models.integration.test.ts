import { afterAll, expect, test } from 'vitest'
import type { ChatModel, ChatRequest } from '../../src/inference/chat-model.ts'
import { claudeModel } from '../../src/inference/claude-model.ts'
import { ollamaModel } from '../../src/inference/ollama-model.ts'
import { startAnthropic } from '../simulators/anthropic/server.ts'
import type { ScriptedTurn } from '../simulators/model-faults.ts'
import { startOllama } from '../simulators/ollama/server.ts'
import { askForGood, PRICE, testRouter } from './harness.ts'

const ollama = await startOllama({ trickleMs: 100 })
const anthropic = await startAnthropic({ apiKey: 'sk-test-key', trickleMs: 100 })
afterAll(() => Promise.all([ollama.stop(), anthropic.stop()]))

const local = ollamaModel({ host: ollama.url, model: 'qwen3:8b', contextTokens: 8_192 })
const cloud = claudeModel({ apiKey: 'sk-test-key', baseUrl: anthropic.url, model: 'claude-sonnet-5-5' })

const tools = [
  {
    name: 'kubernetes.describe',
    description: 'One object.',
    parameters: { type: 'object', properties: { name: { type: 'string', maxLength: 63 } }, required: ['name'] },
  },
]
const request: ChatRequest = {
  system: 'You look.',
  messages: [{ role: 'user', text: 'What is with cart?' }],
  tools,
  toolChoice: 'required',
  maxTokens: 200,
}

function scripted(model: ChatModel, turn: ScriptedTurn): void {
  const simulator = model === local ? ollama : anthropic
  simulator.script(() => turn)
}

test.each([local, cloud])('a tool is called, and its result told, by $provider', async (model) => {
  scripted(model, { tool: 'kubernetes.describe', args: { name: 'cart' } })
  const answer = await model.ask(request, { deadlineMs: 5_000 })
  expect(answer.calls).toMatchObject([{ name: 'kubernetes.describe', args: { name: 'cart' } }])
  expect(answer.usage.inputTokens).toBeGreaterThan(0)
  const [call] = answer.calls
  if (!call) throw new Error('There was no call.')
  const then = [
    ...request.messages,
    { role: 'assistant' as const, text: '', calls: [call] },
    { role: 'tool' as const, call: call.id, name: call.name, text: 'fine' },
  ]
  scripted(model, { text: 'done' })
  expect((await model.ask({ ...request, messages: then }, { deadlineMs: 5_000 })).text).toBe('done')
})

test.each([
  ['hang', 'deadline'],
  ['trickle', 'deadline'],
  ['malformed', 'malformed'],
  ['cut', 'cut'],
  ['refuse', 'unreachable'],
  ['429', 'overloaded'],
  ['500', 'failed'],
] as const)('F8: an Ollama that does %s is told as %s, in time', async (fault, failure) => {
  scripted(local, { text: 'a long answer', fault })
  const started = performance.now()
  await expect(local.ask(request, { deadlineMs: 400 })).rejects.toMatchObject({ name: 'ModelError', failure })
  expect(performance.now() - started).toBeLessThan(1_500)
})

test.each([
  ['hang', 'deadline'],
  ['trickle', 'deadline'],
  ['cut', 'cut'],
  ['refuse', 'unreachable'],
  ['429', 'rate_limited'],
  ['529', 'overloaded'],
  ['500', 'failed'],
  ['401', 'unauthorized'],
] as const)('F9: a Claude that does %s is told as %s, once, in time', async (fault, failure) => {
  scripted(cloud, { text: 'a long answer', fault, retryAfter: 30 })
  const before = anthropic.calls().length
  const started = performance.now()
  await expect(cloud.ask(request, { deadlineMs: 400 })).rejects.toMatchObject({ name: 'ModelError', failure })
  expect(performance.now() - started).toBeLessThan(1_500)
  expect(anthropic.calls().length - before).toBe(1)
})

test('a stream of Claude that is not JSON is an error and no answer', async () => {
  scripted(cloud, { text: 'x', fault: 'malformed' })
  await expect(cloud.ask(request, { deadlineMs: 1_000 })).rejects.toMatchObject({ name: 'ModelError' })
})

test('F8: the slot of an Ollama that never answers is free again, and the cloud answers once', async () => {
  scripted(local, { fault: 'hang' })
  scripted(cloud, { text: 'good' })
  const { router, calls } = testRouter({ local, cloud, prices: { 'claude-sonnet-5-5': PRICE }, localMs: 200 })
  expect(await router.ask(askForGood())).toMatchObject({ value: 'good', why: { reason: 'unavailable' } })
  expect(calls.map(({ place }) => place)).toEqual(['local', 'cloud'])
  scripted(local, { text: 'good' })
  expect(await router.ask(askForGood())).toMatchObject({ value: 'good', by: { place: 'local' } })
})

test('a call that nobody wants any more is cut off at the provider', async () => {
  scripted(cloud, { fault: 'hang' })
  const gone = new AbortController()
  const asked = cloud.ask(request, { deadlineMs: 10_000, signal: gone.signal })
  setTimeout(() => gone.abort(), 50)
  await expect(asked).rejects.toMatchObject({ failure: 'cancelled' })
  await expect.poll(() => anthropic.open()).toBe(0)
})

test('what Claude is sent: bearer token, no temperature, strict tools, the prefix marked for its cache', async () => {
  scripted(cloud, { text: 'ok' })
  await cloud.ask(request, { deadlineMs: 5_000 })
  const sent = anthropic.calls().at(-1)
  if (!sent) throw new Error('Claude was not asked.')
  const { headers, body } = sent
  expect(headers.authorization).toBe('Bearer sk-test-key')
  expect(body).not.toHaveProperty('temperature')
  expect(body.system).toMatchObject([{ cache_control: { type: 'ephemeral' } }])
  expect(body.tools?.[0]).toMatchObject({
    name: 'kubernetes__describe',
    strict: true,
    input_schema: { additionalProperties: false },
  })
  expect(JSON.stringify(body.tools)).not.toContain('maxLength')
})

test('Claude counts tokens without being asked for an answer', async () => {
  expect(await cloud.countTokens?.(request, { deadlineMs: 5_000 })).toBeGreaterThan(5)
  expect(anthropic.calls().at(-1)?.path).toBe('/v1/messages/count_tokens')
})

test('a conversation that does not fit the local context is refused before Ollama would cut it in silence', async () => {
  const long = { ...request, messages: [{ role: 'user' as const, text: 'x'.repeat(60_000) }] }
  await expect(local.ask(long, { deadlineMs: 1_000 })).rejects.toMatchObject({ failure: 'too_long' })
})
