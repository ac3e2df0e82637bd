import { expect, test } from 'vitest'
import type { JsonObject } from '../../src/domain/json.ts'
import { ModelError } from '../../src/inference/model-error.ts'
import { readPrompt } from '../../src/inference/prompts.ts'
import type { Looking, Question, Seen } from '../../src/investigation/port.ts'
import { type InvestigationRecording, investigateRecorded, readRecording } from '../../src/investigation/recording.ts'
import { withoutSecrets } from '../../src/investigation/recording-secrets.ts'
import { replay } from '../../src/investigation/replay.ts'
import { scriptedModel, type Turn, testRouter } from '../inference/harness.ts'

const PROMPT = readPrompt('investigate')
const SECRET = 'hunter2-is-the-password'

const use = (name: string, args: JsonObject = { name: 'cart' }): Turn => ({ calls: [{ id: 'c', name, args }] })
const look = use('kubernetes.describe')

function conclude(evidence: string, quote: string): Turn {
  const claims = [{ text: 'It was killed for its memory.', cites: [{ evidence, quote }] }]
  const causes = [{ title: 'Too little memory', confidence: 0.8, claims }]
  return use('conclude', { finding: 'cause_found', summary: 'So it is.', causes, claims: [], next: '' })
}

function looking(
  seen: Seen = { ok: true, summary: 'cart', result: { last_reason: 'OOMKilled', password: SECRET } },
): Looking {
  const parameters = { type: 'object', properties: { name: { type: 'string' } }, additionalProperties: false }
  return {
    tools: async () => [{ name: 'kubernetes.describe', description: 'One.', parameters }],
    look: async () => seen,
  }
}

interface Play {
  local: Turn[]
  cloud?: Turn[]
  question?: Partial<Question>
  from?: Looking
  now?: () => number
}

async function record({ local, cloud, question, from = looking(), now = Date.now }: Play) {
  const models = { local: scriptedModel('local', ...local), cloud: cloud && scriptedModel('cloud', ...cloud) }
  return await investigateRecorded(
    { router: testRouter({ ...models, now }).router, looking: from, prompt: PROMPT, neverLeaves: () => false, now },
    {
      incident: 7,
      severity: 'warning',
      labels: { alertname: 'KubePodCrashLooping' },
      annotations: { summary: 'cart restarts' },
      known: [{ source: 'what changed', text: 'cart 4.2.0' }],
      required: [],
      signals: [],
      deadlineMs: 5_000,
      ...question,
    },
  )
}

/** As it comes back from the database. */
function stored(recording: InvestigationRecording): InvestigationRecording {
  const read = readRecording(JSON.parse(JSON.stringify(recording)))
  if (!read) throw new Error('The record cannot be read.')
  return read
}

const late = (): (() => number) => {
  let at = 0
  return () => {
    at += 400
    return at
  }
}

test.each<[string, Play]>([
  ['a look and a conclusion', { local: [look, conclude('e3', 'OOMKilled')] }],
  ['a repair', { local: [use('kubernetes.delete'), look, conclude('e3', 'OOMKilled')] }],
  ['an escalation', { local: [look, conclude('e9', 'x'), conclude('e9', 'x')], cloud: [conclude('e3', 'OOMKilled')] }],
  ['evidence that never held', { local: [look, conclude('e9', 'x'), conclude('e9', 'x')] }],
  ['the same look twice', { local: [look, look, conclude('e3', 'OOMKilled')] }],
  [
    'a tool that failed',
    { local: [look, conclude('e1', 'Crash')], from: looking({ ok: false, message: 'Not there.' }) },
  ],
  ['a model that is not there', { local: [new ModelError('unreachable', 'Nobody is there.')] }],
  ['a deadline', { local: Array.from({ length: 20 }, () => look), now: late() }],
  ['nobody wanting it any more', { local: [look], question: { signal: AbortSignal.abort() } }],
])('%s is replayed as it was, without any network', async (_, play) => {
  const { report, recording } = await record(play)
  const again = await replay(stored(recording), { prompt: PROMPT })
  expect(again.differences).toEqual([])
  expect(again.report).toEqual(report)
})

test('another prompt is told, and changes nothing of what was answered', async () => {
  const { report, recording } = await record({ local: [look, conclude('e3', 'OOMKilled')] })
  const again = await replay(recording, { prompt: { id: 'investigate@9', text: 'Another.' } })
  expect(again.differences).toEqual([`The prompt has changed: it was ${PROMPT.id}, and is investigate@9.`])
  expect(again.report).toEqual(report)
})

test('evidence that is another, and so judged otherwise, is told', async () => {
  const { recording } = await record({ local: [look, conclude('e3', 'OOMKilled')] })
  const [seen] = recording.looks
  const changed = {
    ...recording,
    looks: [{ ...seen, seen: { ok: true, result: { last_reason: 'Error' }, summary: 'cart' } }],
  }
  const again = await replay(stored(changed as InvestigationRecording), { prompt: PROMPT })
  expect(again.report.conclusion?.finding).toBe('no_data')
  expect(again.differences.join('\n')).toMatch(
    /Turn 2: what the model is told is not[\s\S]*judged ok is judged evidence now/,
  )
})

test('a record that lacks a look answers "not there", and never with another one', async () => {
  const { recording } = await record({ local: [look, conclude('e3', 'OOMKilled')] })
  const other = recording.looks.map((one) => ({ ...one, args: { name: 'shop' } }))
  const again = await replay({ ...recording, looks: other }, { prompt: PROMPT })
  expect(JSON.stringify(again.report.evidence)).not.toContain('OOMKilled')
  expect(again.differences).toContain('kubernetes.describe is asked what it was not asked then.')
})

test('what is kept holds no secret, and is still replayed without a difference', async () => {
  const { report, recording } = await record({
    local: [look, conclude('e3', `"password":"${SECRET}"`)],
    question: { annotations: { summary: `the password is ${SECRET}` } },
  })
  expect(JSON.stringify(report)).toContain(SECRET)
  const cut = async (texts: readonly string[]) => texts.map((text) => text.replaceAll(SECRET, '[cut]'))
  const kept = await withoutSecrets(recording, { cut, prompt: PROMPT })
  expect(JSON.stringify(kept)).not.toContain(SECRET)
  expect(kept.cut).toBe(3)
  const again = await replay(stored(kept), { prompt: PROMPT })
  expect(again.differences).toEqual([])
  expect(again.report.conclusion?.finding).toBe('cause_found')
})

test('a cut that breaks the text is made again string by string; one that fails keeps nothing', async () => {
  const { recording } = await record({ local: [look, conclude('e3', 'OOMKilled')] })
  // As if the secret went on to the end of what it stands in.
  const greedy = async (texts: readonly string[]) => texts.map((text) => text.replace(/hunter2.*$/s, '[cut]'))
  const kept = await withoutSecrets(recording, { cut: greedy, prompt: PROMPT })
  expect(kept.looks[0]?.seen).toEqual({
    ok: true,
    result: { last_reason: 'OOMKilled', password: '[cut]' },
    summary: 'cart',
  })
  const refuse = () => Promise.reject(new Error('The search for secrets failed.'))
  await expect(withoutSecrets(recording, { cut: refuse, prompt: PROMPT })).rejects.toThrow(/search for secrets/)
})

test('a request is known by its hashes alone', async () => {
  const { recording } = await record({ local: [look, conclude('e3', 'OOMKilled')] })
  expect(
    recording.turns.map(({ request }) => Object.values(request).every((hash) => /^[0-9a-f]{64}$/.test(hash))),
  ).toEqual([true, true])
  expect(JSON.stringify(recording)).not.toContain(PROMPT.text.slice(0, 40))
  expect(readRecording({ version: 2 })).toBeUndefined()
})
