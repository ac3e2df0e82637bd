import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Json } from '../../src/domain/json.ts'
import { readPrompt } from '../../src/inference/prompts.ts'
import { type InvestigationRecording, investigateRecorded } from '../../src/investigation/recording.ts'
import { json } from '../../src/storage/postgres.ts'
import { scriptedModel, testRouter } from '../inference/harness.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

const launcher = fileURLToPath(new URL('../../bin/watchkeeper.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-replay-'))
let db: TestDatabase
let recording: InvestigationRecording

beforeAll(async () => {
  db = await testDatabase()
  const claims = [{ text: 'It is well.', cites: [{ evidence: 'e2', quote: 'all is well' }] }]
  const args = { finding: 'not_a_problem', summary: 'Nothing is wrong.', causes: [], claims, next: '' }
  const look = { calls: [{ id: 'a', name: 'kubernetes.list', args: {} }] }
  const local = scriptedModel('local', look, { calls: [{ id: 'b', name: 'conclude', args }] })
  const made = await investigateRecorded(
    {
      router: testRouter({ local }).router,
      looking: {
        tools: async () => [{ name: 'kubernetes.list', description: '', parameters: { type: 'object' } }],
        look: async () => ({ ok: true, summary: 'all is well', result: {} }),
      },
      prompt: readPrompt('investigate'),
      neverLeaves: () => false,
      now: Date.now,
    },
    {
      incident: null,
      severity: 'info',
      labels: { alertname: 'X' },
      annotations: {},
      known: [],
      required: [],
      signals: [],
      deadlineMs: 5_000,
    },
  )
  recording = made.recording
})
afterAll(async () => {
  await db.close()
  rmSync(folder, { recursive: true, force: true })
})

async function stored(kept: Json | null): Promise<string> {
  const [row] = await db.sql<{ id: string }[]>`
    insert into investigations (kind, asked_by, request, status, report, recording, ended_at)
    values ('question', 'alice', ${json(db.sql, {})}, 'done', ${json(db.sql, {})},
      ${kept === null ? null : json(db.sql, kept)}, watch_now())
    returning id`
  return row?.id ?? ''
}

function replay(which: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const env = { PATH: process.env.PATH ?? '', DATA_DIR: join(folder, 'data'), DATABASE_URL: db.url }
  return new Promise((resolve) => {
    execFile(process.execPath, [launcher, 'replay', which], { env, cwd: folder }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

test('a recorded investigation is run again by its id, and by the beginning of it', async () => {
  const id = await stored(recording as Json)
  const whole = await replay(id)
  expect(whole).toMatchObject({ code: 0, stderr: 'It went as in the record.\n' })
  expect(whole.stdout).toContain('**Nothing is wrong here.** Nothing is wrong.')
  expect(whole.stdout).toContain('all is well')
  expect(await replay(id.slice(0, 8))).toEqual(whole)
})

test('where it goes otherwise, that is told', async () => {
  const changed = {
    ...recording,
    looks: recording.looks.map((look) => ({ ...look, seen: { ok: false, message: 'gone' } })),
  }
  const { code, stdout, stderr } = await replay(await stored(changed as Json))
  expect(code).toBe(0)
  expect(stderr).toMatch(/judged ok is judged evidence now/)
  expect(stdout).toContain('**What could be seen does not say.**')
})

test('one without a record, one that is not there and a file that is no record are sentences', async () => {
  expect((await replay(await stored(null))).stderr).toMatch(/has no record: it was kept without one/)
  expect((await replay('00000000')).stderr).toMatch(/^No investigation has the id 00000000/)
  const path = join(folder, 'x.json')
  writeFileSync(path, '{"version":9}')
  expect((await replay(path)).stderr).toMatch(/no record that this version can read/)
  writeFileSync(path, JSON.stringify(recording))
  expect(await replay(path)).toMatchObject({ code: 0, stderr: 'It went as in the record.\n' })
})
