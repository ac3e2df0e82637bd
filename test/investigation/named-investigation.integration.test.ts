import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { readPrompt } from '../../src/inference/prompts.ts'
import type { Investigation } from '../../src/investigation/investigation-rows.ts'
import {
  type NamedInvestigationDeps,
  namedInvestigation,
  rowRequest,
} from '../../src/investigation/named-investigation.ts'
import { readRecording } from '../../src/investigation/recording.ts'
import { replay } from '../../src/investigation/replay.ts'
import type { Tx } from '../../src/storage/postgres.ts'
import type { Toolbox } from '../../src/tools/toolbox.ts'
import { scriptedModel, type Turn, testRouter } from '../inference/harness.ts'

const SECRET = 'hunter2-is-the-password'
const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-named-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const toolbox: Toolbox = {
  tools: async () =>
    ['clusters_list', 'cluster_overview', 'delete'].map((tool) => ({
      name: `kubernetes.${tool}`,
      contract: 'x',
      definition: { inputSchema: { type: 'object', properties: {} } },
    })),
  find: async () => undefined,
  async call(tool) {
    const result: JsonObject = tool.endsWith('clusters_list')
      ? { items: [{ name: 'lab' }] }
      : { password: SECRET, nodes: 'all ready' }
    return { ok: true, result, summary: 'so it is', tookMs: 1 }
  },
  status: () => [],
  close: async () => {},
}

function conclude(): Turn {
  const claims = [{ text: 'All nodes are ready.', cites: [{ evidence: 'e2', quote: 'all ready' }] }]
  const args = { finding: 'not_a_problem', summary: 'All is well.', causes: [], claims, next: '' }
  return { calls: [{ id: 'c', name: 'conclude', args }] }
}

async function lookInto(
  request: Partial<Parameters<typeof rowRequest>[0]>,
  more: Partial<NamedInvestigationDeps> = {},
) {
  const told: string[] = []
  const local = scriptedModel('local', conclude())
  const deps: NamedInvestigationDeps = {
    toolbox,
    router: testRouter({ local }).router,
    prompt: readPrompt('investigate'),
    neverLeaves: () => false,
    runbooks: () => new Map(),
    mode: async () => 'local_first',
    cut: async (texts) => texts.map((text) => text.replaceAll(SECRET, '[cut]')),
    keep: { folder, remote: undefined },
    now: Date.now,
    tell: async (_tx, _investigation, outcome) =>
      void told.push('problem' in outcome ? outcome.problem : outcome.markdown),
    ...more,
  }
  const named = {
    name: 'sunday',
    runbook: undefined,
    question: 'Is all well?',
    clusters: ['lab'],
    minutes: 1,
    sideBySide: false,
    labels: {},
    ...request,
  }
  const row = { mode: null, signals: [], text: null, ...rowRequest(named) }
  const investigation = { id: 'x', kind: 'named', request: row } as unknown as Investigation
  const ended = await namedInvestigation(deps)(investigation, {
    signal: new AbortController().signal,
    progress: () => {},
  })
  await ended.tell(undefined as unknown as Tx)
  return { ...ended, told, local }
}

test('its report is kept, told and without secrets; its record can be run again', async () => {
  const { report, recording, told } = await lookInto({})
  const { markdown, path } = report as { markdown: string; path: string }
  expect(markdown).toContain('**Nothing is wrong here.** All is well.')
  expect(readFileSync(path, 'utf8')).toBe(markdown)
  expect(told).toEqual([markdown])
  expect(JSON.stringify([report, recording])).not.toContain(SECRET)
  const [first] = recording as Json[]
  const read = readRecording(first ?? null)
  if (!read) throw new Error('The record cannot be read.')
  const again = await replay(read, { prompt: readPrompt('investigate') })
  expect(again.differences).toEqual([])
  expect(again.report.conclusion?.finding).toBe('not_a_problem')
})

test('with models off none is asked', async () => {
  const { recording, local, told } = await lookInto({}, { mode: async () => 'off' })
  expect(local.asked).toEqual([])
  expect(recording).toBeNull()
  expect(told[0]).toContain('No model was used')
})

test('a cluster that is gone since it was asked for is told, and nothing is looked at', async () => {
  const { report, told } = await lookInto({ clusters: ['moon'] })
  expect(report).toEqual({ problem: expect.stringMatching(/^There is no cluster "moon"/) })
  expect(told).toHaveLength(1)
})

test('where secrets cannot be looked for, nothing is written', async () => {
  const cut = () => Promise.reject(new Error('It failed.'))
  await expect(lookInto({}, { cut })).rejects.toThrow(/search for secrets in it failed/)
})
