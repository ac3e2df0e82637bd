import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { SIGNALS } from '../../src/domain/inference.ts'
import type { Json } from '../../src/domain/json.ts'
import { type Evaluation, evaluate } from '../../src/evaluation/evaluate.ts'
import { readRecording } from '../../src/evaluation/holmes-fixtures.ts'
import { readScenario, type Scenario, type ScriptedTurn } from '../../src/evaluation/scenario.ts'
import { readScenarioFolder, type ScenarioFolder } from '../../src/evaluation/scenario-folder.ts'
import { scriptedModel } from '../../src/evaluation/scripted-model.ts'
import { readPrompt } from '../../src/inference/prompts.ts'
import { parseRequestFile } from '../../src/investigation/request-file.ts'
import { loadRunbookFolder } from '../../src/knowledge/runbook-folder.ts'
import { misfits } from '../../src/knowledge/schema-fit.ts'
import { readYamlText } from '../../src/knowledge/yaml-text.ts'
import { testRouter } from '../inference/harness.ts'

const OWN = fileURLToPath(new URL('../eval/scenarios', import.meta.url))
const BESIDE = fileURLToPath(new URL('../../../shared/data/incidents', import.meta.url))

let own: ScenarioFolder

beforeAll(async () => {
  own = await readScenarioFolder(OWN)
})

async function play(folder: ScenarioFolder): Promise<Evaluation> {
  return await evaluate([folder], {
    models: 'scripted',
    prompt: readPrompt('investigate'),
    neverLeaves: () => false,
    deadlineMs: 5_000,
    now: Date.now,
    runbooks: async ({ runbooks = 'runbooks' }) => (await loadRunbookFolder(runbooks)).runbooks,
    cast(script = { local: [], cloud: [] }) {
      const scripts = { local: scriptedModel('local', script.local), cloud: scriptedModel('cloud', script.cloud) }
      const local = script.local.length > 0 ? scripts.local : undefined
      const cloud = script.cloud.length > 0 ? scripts.cloud : undefined
      const price = { input: 3, output: 15, cacheRead: 0, cacheWrite: 4 }
      const { router, calls } = testRouter({ local, cloud, escalateOn: SIGNALS, prices: { 'scripted-cloud': price } })
      return { router, calls: { calls }, scripts }
    },
  })
}

test('there are twelve, in four of which nothing is wrong and nothing is done; all pass by their scripts', async () => {
  const { by_scenario: marks, ...sums } = await play(own)
  expect(Object.entries(marks).flatMap(([id, { wrong }]) => wrong.map((because) => `${id}: ${because}`))).toEqual([])
  expect(sums).toMatchObject({ scenarios: 12, passed: 12, unsupported_claims: 1, escalated: 3 })
  expect(sums.cost_usd).toBeGreaterThan(0)
  const sound = Object.values(marks).filter(({ finding }) => finding === 'not_a_problem')
  expect(sound.map(({ action }) => action)).toEqual(['none', 'none', 'none', 'none'])
})

test('what is recorded has the shape that our servers publish, and is asked for as they want it', () => {
  const wrong = own.scenarios.flatMap(({ id, looks }) =>
    looks.flatMap(({ tool, args, answer }) => {
      const definition = own.published.find(({ name }) => name === tool)?.definition
      if (!definition) return [`${id}: nobody publishes ${tool}`]
      const { inputSchema = {}, outputSchema = {} } = definition as { inputSchema?: object; outputSchema?: object }
      const found = [...misfits(args, inputSchema, () => false)]
      if ('result' in answer) found.push(...misfits(answer.result, closed(outputSchema), (value) => value === null))
      return found.map(({ pointer, message }) => `${id}: ${tool}: ${pointer.join('.')} ${message}`)
    }),
  )
  expect(wrong).toEqual([])
})

/** The published shape, with nothing beside it at its top. */
function closed(schema: object): object {
  return { ...schema, additionalProperties: false }
}

test.each<[string, (turns: readonly ScriptedTurn[]) => readonly ScriptedTurn[], RegExp]>([
  ['a wrong finding', (turns) => ending(turns, { finding: 'no_data', causes: [], claims: [] }), /right is/],
  ['a claim of what did not happen', (turns) => ending(turns, { next: NEVER }), /which is not so/],
  ['a cause nobody names', (turns) => ending(turns, { summary: 'x', causes: [], claims: [] }), /It does not|right is/],
  ['a script that goes on', (turns) => [...turns, { kind: 'text', text: 'more' }], /never asked for/],
  [
    'a look that nobody may make',
    (turns) => [{ kind: 'look', tool: 'kubernetes.drain', args: {} }, ...turns],
    /Refused were/,
  ],
])('%s is noticed in every scenario', async (_, change, because) => {
  const changed = own.scenarios.map((scenario) => withScript(scenario, change))
  const { by_scenario: marks } = await play({ ...own, scenarios: changed })
  for (const [id, { passed, wrong }] of Object.entries(marks)) {
    expect(passed, id).toBe(false)
    expect(wrong.join('\n'), id).toMatch(because)
  }
})

const NEVER = 'NEVER'

/** The script of whichever model speaks last. `NEVER` becomes what this scenario forbids. */
function withScript(scenario: Scenario, change: (turns: readonly ScriptedTurn[]) => readonly ScriptedTurn[]): Scenario {
  const { local = [], cloud = [] } = scenario.script ?? {}
  const turns = change(cloud.length > 0 ? cloud : local)
  const forbidden = scenario.expect.never[0] ?? ''
  const filled = JSON.parse(JSON.stringify(turns).replaceAll(NEVER, forbidden)) as ScriptedTurn[]
  return { ...scenario, script: cloud.length > 0 ? { local, cloud: filled } : { local: filled, cloud } }
}

function ending(turns: readonly ScriptedTurn[], args: Record<string, Json>): ScriptedTurn[] {
  return turns.map((turn) => (turn.kind === 'conclude' ? { ...turn, args: { ...turn.args, ...args } } : turn))
}

test('a file that is not a scenario says where and what', () => {
  expect(readScenario('x', { title: 'x' })).toEqual({ problem: expect.stringMatching(/^alert: /) })
  const look = { tool: 'kubernetes.list', answer: { summary: 'x' }, error: 'y' }
  const file = { title: 'x', alert: { labels: {} }, looks: [look], expect: { finding: 'no_data', action: 'none' } }
  expect(readScenario('x', file)).toEqual({ problem: 'looks.0: must have either answer or error' })
})

test('the scenario and the request on the page are ones', () => {
  const page = readFileSync(new URL('../../docs/investigations.md', import.meta.url), 'utf8')
  const [request = '', scenario = ''] = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text)
  const read = readYamlText(scenario)
  expect('data' in read && readScenario('page', read.data)).toMatchObject({
    title: expect.any(String),
    expect: { action: 'pod-oom-killed' },
  })
  expect(parseRequestFile(request, { runbooks: ['pod-oom-killed'], clusters: ['lab', 'edge'] })).toMatchObject({
    name: 'sunday',
    minutes: 20,
  })
})

test('a folder without scenarios is a sentence', async () => {
  await expect(readScenarioFolder(fileURLToPath(new URL('.', import.meta.url)))).rejects.toThrow(/has no scenarios/)
})

test('a recording that names nothing to match is answered only for what it was made with', () => {
  const text = '{"toolset_name":"t","tool_name":"status"}\n{"status":"success","params":{"since":"1h"}}\nall well\n'
  expect(readRecording(text)).toMatchObject({
    tool: 'holmes.status',
    args: { since: '1h' },
    answer: { summary: 'all well' },
  })
  expect(readRecording('requests==2.0\n')).toBeUndefined()
  const failed = `{"tool_name":"status","match_params":{"a":null}}\n{"status":"error","error":"${randomBytes(4).toString('hex')}"}\n`
  expect(readRecording(failed)).toMatchObject({ args: {}, answer: { error: expect.stringMatching(/^[0-9a-f]{8}$/) } })
})

// Recordings of others are not part of the project; where they lie beside it, every one of them is walked through.
test.skipIf(!existsSync(BESIDE))(
  'recordings in the shape of HolmesGPT answer each call with their own output',
  async () => {
    const folder = await readScenarioFolder(BESIDE)
    const { by_scenario: marks, scenarios, passed } = await play(folder)
    expect(Object.entries(marks).filter(([, mark]) => !mark.passed)).toEqual([])
    expect(scenarios).toBe(passed)
    expect(folder.scenarios.every(({ looks }) => looks.length > 0)).toBe(true)
  },
)
