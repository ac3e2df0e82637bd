import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type NamedInvestigationDeps, namedInvestigation } from '../../src/conversation/named-investigation.ts'
import type { Labels } from '../../src/domain/alert.ts'
import type { NamedAnswer } from '../../src/domain/answer.ts'
import type { Json, JsonObject } from '../../src/domain/json.ts'
import { readPrompt } from '../../src/inference/prompts.ts'
import type { Redactor } from '../../src/inference/redaction/redactor.ts'
import type { Investigation } from '../../src/investigation/investigation-rows.ts'
import { readRecording, recordingInvestigator } from '../../src/investigation/recording.ts'
import { replay } from '../../src/investigation/replay.ts'
import { rowRequest } from '../../src/investigation/request-file.ts'
import { json } from '../../src/storage/postgres.ts'
import type { Toolbox } from '../../src/tools/toolbox.ts'
import { openRedactor, scriptedModel, type Turn, testRouter } from '../inference/harness.ts'
import { testDatabase } from '../support/postgres.ts'

const PROMPT = readPrompt('investigate')
const SECRET = 'hunter2-is-the-password'
const db = await testDatabase()
const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-named-'))
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await db.close()
})

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
  words?: string,
  signal = new AbortController().signal,
) {
  const local = scriptedModel('local', conclude())
  const names: string[] = []
  const open = openRedactor()
  const redactor: Redactor = {
    ...open,
    async forCloud(request, known) {
      names.push(...known)
      return await open.forCloud(request, known)
    },
  }
  const cloud = scriptedModel('cloud', conclude())
  const { router } = testRouter({ local, cloud, redactor })
  const deps: NamedInvestigationDeps = {
    sql: db.sql,
    toolbox,
    declared: new Map(),
    investigatorFor: (looking, keep) =>
      recordingInvestigator({ router, looking, prompt: PROMPT, neverLeaves: () => false, now: Date.now }, keep),
    prompt: PROMPT,
    runbooks: () => new Map(),
    mode: 'local_first',
    neverLeaves: () => false,
    cloud: false,
    cut: async (texts) => texts.map((text) => text.replaceAll(SECRET, '[cut]')),
    keep: { folder, remote: undefined },
    now: Date.now,
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
  const row = {
    mode: null,
    signals: [],
    text: null,
    ...(words === undefined ? rowRequest(named) : { name: null, text: words }),
  }
  const investigation = { id: 'x', createdAt: new Date(0), kind: 'named', request: row } as unknown as Investigation
  const { report, recording } = await namedInvestigation(deps)(investigation, {
    signal,
    progress: () => {},
  })
  return { report: report as unknown as NamedAnswer, recording, local, cloud, names }
}

test('its report is kept, told and without secrets; its record can be run again', async () => {
  const { report, recording } = await lookInto({})
  expect(report.markdown).toContain('**Nothing is wrong here.** All is well.')
  expect(readFileSync(join(folder, report.file), 'utf8')).toBe(report.markdown)
  expect(JSON.stringify([report, recording])).not.toContain(SECRET)
  const [first] = recording as Json[]
  const read = readRecording(first ?? null)
  if (!read) throw new Error('The record cannot be read.')
  const again = await replay(read, { prompt: PROMPT })
  expect(again.differences).toEqual([])
  expect(again.report.conclusion?.finding).toBe('not_a_problem')
})

test('one that was cut off by a stop keeps no report; run again, it replaces its own', async () => {
  const keep = { folder: join(folder, 'again'), remote: undefined }
  const stopping = new AbortController()
  const cutOff = {
    ...toolbox,
    call: async (...call: Parameters<Toolbox['call']>) => {
      if (!call[0].endsWith('clusters_list')) stopping.abort(new Error('stopping'))
      return await toolbox.call(...call)
    },
  }
  await expect(lookInto({}, { keep, toolbox: cutOff }, undefined, stopping.signal)).rejects.toThrow('stopping')
  expect(existsSync(keep.folder)).toBe(false)
  await lookInto({}, { keep })
  await lookInto({}, { keep })
  expect(readdirSync(keep.folder)).toEqual(['1970-01-01T000000Z-sunday-x.md'])
})

test('words of the chat are read where the clusters are known', async () => {
  const { report } = await lookInto({}, {}, 'lab 5')
  expect(report).toMatchObject({ problem: null, file: expect.stringMatching(/overview/) })
  const wrong = await lookInto({}, {}, 'moonbase')
  expect(wrong.report.problem).toMatch(/moonbase/)
})

test('with models off none is asked', async () => {
  const { recording, local, report } = await lookInto({}, { mode: 'off' })
  expect(local.asked).toEqual([])
  expect(recording).toBeNull()
  expect(report.markdown).toContain('No model was used')
})

test('A13: while an open incident stays at home nothing of it goes to a model in the cloud, and it says so', async () => {
  const { sql } = db
  const labels = { namespace: 'private', instance: 'nas-cellar:9100' }
  const [incident] = await sql<{ id: number }[]>`
    insert into incidents (correlation_key, severity, alertname, cluster, labels, annotations)
    values ('a', 'warning', 'A', 'lab', '{}', '{}') returning id`
  await sql`
    insert into alerts (source, fingerprint, starts_at, status, incident_id, labels, annotations)
    values ('alertmanager', 'a', now(), 'firing', ${incident?.id ?? 0}, ${json(sql, labels)}, '{}')`
  const neverLeaves = ({ namespace }: Labels) => namespace === 'private'
  const more = { mode: 'cloud_first', cloud: true } as const
  const open = await lookInto({}, more)
  expect(open.cloud.asked.length).toBeGreaterThan(0)
  // The name of a machine in any open alert is a placeholder there.
  expect(open.names).toContain('nas-cellar')
  const kept = await lookInto({}, { ...more, neverLeaves })
  expect(kept.cloud.asked).toEqual([])
  expect(kept.local.asked.length).toBeGreaterThan(0)
  expect(kept.report.notes).toEqual([expect.stringContaining('stays at home')])
  await sql`update incidents set closed_at = now(), status = 'closed'`
  const over = await lookInto({}, { ...more, neverLeaves })
  expect(over.cloud.asked.length).toBeGreaterThan(0)
})

test('a cluster that is gone since it was asked for is told, and nothing is looked at', async () => {
  const { report } = await lookInto({ clusters: ['moon'] })
  expect(report).toMatchObject({ problem: expect.stringMatching(/^There is no cluster "moon"/), markdown: '' })
})

test('where secrets cannot be looked for, nothing is written', async () => {
  const cut = () => Promise.reject(new Error('It failed.'))
  const { report } = await lookInto({}, { cut })
  expect(report.problem).toMatch(/search for secrets in it failed/)
})
