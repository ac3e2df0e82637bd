import { expect, test } from 'vitest'
import { findAnswer } from '../../src/conversation/answer-loop.ts'
import type { Mode } from '../../src/domain/inference.ts'
import { readPrompt } from '../../src/inference/prompts.ts'
import { scriptedModel, testRouter } from '../inference/harness.ts'

test('a question is not taken any further once models are switched off', async () => {
  const look = { calls: [{ id: 'c', name: 'kubernetes.events', args: {} }] }
  const local = scriptedModel('local', look, look)
  const tools = [{ name: 'kubernetes.events', description: '', parameters: { type: 'object', properties: {} } }]
  const modes: Mode[] = ['local_first', 'off']
  const looking = {
    tools: async () => tools,
    look: async () => ({ ok: true as const, result: {}, summary: 'nothing' }),
  }
  const found = await findAnswer(
    { router: testRouter({ local }).router, looking, prompt: readPrompt('answer'), now: Date.now },
    {
      incident: 1,
      severity: 'warning',
      names: [],
      staysHome: false,
      text: 'why?',
      known: [],
      tools,
      menu: '',
      unfit: () => undefined,
      mode: async () => modes.shift() ?? 'off',
      deadlineMs: 5_000,
      signal: new AbortController().signal,
      onProgress: () => undefined,
    },
  )
  expect(local.asked).toHaveLength(1)
  expect(found.held).toBeUndefined()
  expect(found.degraded).toEqual(['Models are switched off.'])
})
