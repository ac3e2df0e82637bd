import { expect, test } from 'vitest'
import { ModelError } from '../../src/inference/model-error.ts'
import { RedactionError } from '../../src/inference/redaction/cutter.ts'
import { askForGood, openRedactor, PLENTY, scriptedModel, testRouter } from './harness.ts'

const good = { text: 'good' }
const bad = { text: 'bad' }

test('local first: the local model answers, and the cloud is not asked', async () => {
  const [local, cloud] = [scriptedModel('local', good), scriptedModel('cloud')]
  const { router, calls } = testRouter({ local, cloud })
  const routed = await router.ask(askForGood())
  expect(routed).toMatchObject({ value: 'good', by: { model: 'small', place: 'local' }, calls: 1, microUsd: 0 })
  expect(cloud.asked).toEqual([])
  expect(calls.map(({ reason }) => reason)).toEqual(['mode'])
})

test('one repair, with what was wrong; then the answer counts', async () => {
  const local = scriptedModel('local', bad, good)
  const { router, calls } = testRouter({ local })
  expect((await router.ask(askForGood())).value).toBe('good')
  expect(local.asked[1]?.messages.slice(1)).toEqual([
    { role: 'assistant', text: 'bad', calls: [] },
    { role: 'user', text: 'Say good.' },
  ])
  expect(calls.map(({ repair }) => repair)).toEqual([false, true])
})

test('a schema that is broken twice escalates, and the record says why', async () => {
  const [local, cloud] = [scriptedModel('local', bad, bad), scriptedModel('cloud', good)]
  const { router, calls } = testRouter({ local, cloud })
  const routed = await router.ask(askForGood())
  expect(routed).toMatchObject({
    value: 'good',
    by: { place: 'cloud' },
    why: { reason: 'schema', because: 'It is not good.' },
  })
  expect(calls.map(({ place, reason, because }) => [place, reason, because])).toEqual([
    ['local', 'mode', 'the mode is local_first'],
    ['local', 'mode', 'the mode is local_first'],
    ['cloud', 'schema', 'It is not good.'],
  ])
})

test.each(['margin', 'severity', 'risk', 'person'] as const)('the signal %s asks the cloud at once', async (reason) => {
  const [local, cloud] = [scriptedModel('local'), scriptedModel('cloud', good)]
  const { router, calls } = testRouter({ local, cloud })
  await router.ask(askForGood({ known: [{ reason, because: 'so it is' }] }))
  expect(local.asked).toEqual([])
  expect(calls[0]).toMatchObject({ place: 'cloud', reason, because: 'so it is' })
})

test('a signal that is switched off escalates nothing, but a person always may', async () => {
  const local = scriptedModel('local', good)
  const { router } = testRouter({ local, cloud: scriptedModel('cloud', good), escalateOn: [] })
  expect((await router.ask(askForGood({ known: [{ reason: 'severity', because: 'x' }] }))).by?.place).toBe('local')
  expect((await router.ask(askForGood({ known: [{ reason: 'person', because: 'x' }] }))).by?.place).toBe('cloud')
})

test.each(['unreachable', 'deadline', 'too_long', 'malformed', 'cut'] as const)(
  'a local model that is %s escalates',
  async (failure) => {
    const local = scriptedModel('local', new ModelError(failure, 'It did not work.'))
    const { router, calls } = testRouter({ local, cloud: scriptedModel('cloud', good) })
    expect(await router.ask(askForGood())).toMatchObject({ value: 'good', why: { reason: 'unavailable' } })
    expect(calls.map(({ end }) => end?.failure)).toEqual([failure, undefined])
  },
)

test('local_only, off and never_leaves ask no cloud, whatever happens, and say so', async () => {
  const cloud = scriptedModel('cloud')
  const failing = () => scriptedModel('local', bad, bad)
  for (const more of [{ mode: 'local_only' }, { mode: 'off' }, { neverLeaves: true }] as const) {
    const { router } = testRouter({ local: failing(), cloud })
    const routed = await router.ask(askForGood({ ...more, known: [{ reason: 'person', because: 'tapped' }] }))
    expect(routed.value).toBeUndefined()
    expect(routed.because).toMatch(/\w+\.$/)
  }
  const alone = testRouter({ local: undefined, cloud })
  expect((await alone.router.ask(askForGood({ neverLeaves: true, mode: 'cloud_only' }))).because).toContain('at home')
  expect(cloud.asked).toEqual([])
})

test('cloud_first falls back to the local model, and says that the cloud did not help', async () => {
  const cloud = scriptedModel('cloud', new ModelError('overloaded', 'Claude is overloaded (529).'))
  const { router, calls } = testRouter({ local: scriptedModel('local', good), cloud, mode: () => 'cloud_first' })
  const routed = await router.ask(askForGood())
  expect(routed).toMatchObject({ value: 'good', by: { place: 'local' }, why: { reason: 'fallback' } })
  expect(routed.degraded).toContain('overloaded')
  expect(calls[0]?.end).toMatchObject({ microUsd: 0, failure: 'overloaded' })
})

test('both models down: no answer, no loop, and the reason', async () => {
  const down = (place: 'local' | 'cloud') => scriptedModel(place, new ModelError('unreachable', `${place} is gone.`))
  const { router } = testRouter({ local: down('local'), cloud: down('cloud') })
  expect(await router.ask(askForGood())).toMatchObject({ value: undefined, because: 'cloud is gone.', calls: 2 })
})

test('what can be used of an answer is used where nobody better can be asked', async () => {
  const judge = () => ({
    ok: false as const,
    signal: 'evidence' as const,
    because: 'No.',
    repair: 'Again.',
    fallback: 'half',
  })
  const { router } = testRouter({ local: scriptedModel('local', bad, bad) })
  expect(await router.ask(askForGood({ judge }))).toMatchObject({
    value: 'half',
    by: { place: 'local' },
    degraded: 'No.',
  })
})

test('A15: a redactor that fails means no cloud call, and nothing of it is shown', async () => {
  const cloud = scriptedModel('cloud')
  const redactor = { ...openRedactor(), forCloud: () => Promise.reject(new RedactionError('secret-1')) }
  const { router, calls } = testRouter({ cloud, redactor, mode: () => 'cloud_only' })
  const routed = await router.ask(askForGood())
  expect(routed.because).toBe('The cloud was not asked, because the search for secrets failed.')
  expect(cloud.asked).toEqual([])
  expect(calls).toEqual([])
})

test('a budget that is spent degrades to the local model, and says so', async () => {
  const limits = { ...PLENTY, day: { tokens: 1e9, microUsd: 500 } }
  const [local, cloud] = [scriptedModel('local', good), scriptedModel('cloud')]
  const { router } = testRouter({ local, cloud, mode: () => 'cloud_first', limits })
  const routed = await router.ask(askForGood())
  expect(routed).toMatchObject({ value: 'good', by: { place: 'local' } })
  expect(routed.degraded).toMatch(/Today has spent/)
  expect(cloud.asked).toEqual([])
})

test('what a failed call may have cost counts in full; what was refused costs nothing', async () => {
  const cloud = scriptedModel('cloud', new ModelError('cut', 'cut'), new ModelError('rate_limited', 'wait'))
  const { router, calls } = testRouter({ cloud, mode: () => 'cloud_only' })
  await router.ask(askForGood())
  await router.ask(askForGood())
  expect(calls[0]?.end?.microUsd).toBe(calls[0]?.reservedMicroUsd)
  expect(calls[0]?.reservedMicroUsd).toBeGreaterThan(0)
  expect(calls[1]?.end?.microUsd).toBe(0)
})

test('F9: after three failures in a row the breaker opens; then one call tries whether it is well again', async () => {
  let now = 0
  const failing = Array.from({ length: 4 }, () => new ModelError('overloaded', 'overloaded'))
  const cloud = scriptedModel('cloud', ...failing, good, good)
  const { router } = testRouter({ cloud, mode: () => 'cloud_only', now: () => now })
  for (let i = 0; i < 10; i++) await router.ask(askForGood())
  expect(cloud.asked).toHaveLength(3)
  now = 31_000
  await router.ask(askForGood())
  await router.ask(askForGood())
  expect(cloud.asked).toHaveLength(4)
  now = 200_000
  expect((await router.ask(askForGood())).value).toBe('good')
  expect((await router.ask(askForGood())).value).toBe('good')
})

test('a retry-after is obeyed at once', async () => {
  let now = 0
  const cloud = scriptedModel('cloud', new ModelError('rate_limited', 'wait', { retryAfterMs: 20_000 }), good)
  const { router } = testRouter({ cloud, mode: () => 'cloud_only', now: () => now })
  await router.ask(askForGood())
  expect((await router.ask(askForGood())).because).toContain('asked again in 20 s')
  now = 20_001
  expect((await router.ask(askForGood())).value).toBe('good')
})

test('the local model gets one call at a time, and a caller that gives up frees its place', async () => {
  let under = 0
  let most = 0
  const local = scriptedModel('local')
  local.ask = async () => {
    under += 1
    most = Math.max(most, under)
    await new Promise((resolve) => setTimeout(resolve, 20))
    under -= 1
    return {
      text: 'good',
      calls: [],
      ended: 'complete',
      usage: { inputTokens: 1, outputTokens: 1, cacheReadTokens: 0, cacheWriteTokens: 0 },
    }
  }
  const { router } = testRouter({ local })
  const gone = new AbortController()
  const asked = [1, 2, 3, 4].map((i) => router.ask(askForGood(i === 2 ? { signal: gone.signal } : {})))
  gone.abort()
  const values = (await Promise.all(asked)).map(({ value }) => value)
  expect(values).toEqual(['good', undefined, 'good', 'good'])
  expect(most).toBe(1)
})
