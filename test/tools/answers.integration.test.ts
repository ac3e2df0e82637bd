import { generateKeyPairSync } from 'node:crypto'
import { afterAll, afterEach, expect, test } from 'vitest'
import { look } from '../../src/tools/evidence.ts'
import { grantSigner } from '../../src/tools/grants.ts'
import { mcpToolbox } from '../../src/tools/mcp-toolbox.ts'
import type { Toolbox } from '../../src/tools/toolbox.ts'
import { testDatabase } from '../support/postgres.ts'
import { type SomebodysHttpServer, somebodysHttpServer } from './somebodys-http-server.ts'

const signer = grantSigner(
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
)
const db = await testDatabase()
const [{ id: incident } = { id: 0 }] = await db.sql<{ id: number }[]>`
  insert into incidents (correlation_key, status, severity, alertname, cluster, namespace, workload, labels, annotations)
  values ('k', 'open', 'warning', 'a', 'c', 'n', 'w', '{}', '{}') returning id`
let server: SomebodysHttpServer
let toolbox: Toolbox

afterEach(async () => {
  await toolbox.close()
  await server.stop()
})
afterAll(() => db.close())

/** Looks with a tool of somebody's server that answers so, and keeps it. */
async function looked(answer: string) {
  server = await somebodysHttpServer(
    [{ name: 'find', description: 'Finds notes.', inputSchema: { type: 'object' } }],
    () => answer,
  )
  toolbox = mcpToolbox({
    servers: new Map([['notes', { url: server.url, headers: {}, declared: new Map([['find', 'read']]) }]]),
    signer,
    clock: Date.now,
    log: { warn() {}, info() {} },
    pins: { check: async () => undefined },
    env: {},
  })
  const asked = { incident, round: 1, key: 'check:x/y', tool: 'notes.find', args: {}, askedBy: 'runbook:x' }
  const said = await look({ sql: db.sql, toolbox }, asked)
  const [kept] = await db.sql<{ result: unknown; summary: string; truncated: boolean; ok: boolean }[]>`
    select result, summary, truncated, ok from evidence where incident_id = ${incident}`
  return { said, kept }
}

const inWords = (text: string, more = {}) => JSON.stringify({ content: [{ type: 'text', text }], ...more })
// As a server may write it: JSON has no objection to either.
const NUL = '\\u0000'
const HALF = '\\ud83d'

test.each<[string, string, object]>([
  [
    'an answer',
    `{"content":[],"structuredContent":{"summary":"a${NUL}b","deep":[{"na${HALF}me":"c${HALF}d"}]}}`,
    {
      ok: true,
      summary: 'a�b',
      result: { summary: 'a�b', deep: [{ 'na�me': 'c�d' }] },
    },
  ],
  ['words', `{"content":[{"type":"text","text":"a${NUL}b${HALF}"}]}`, { ok: true, summary: 'a�b�' }],
  [
    'a refusal',
    `{"isError":true,"content":[],"structuredContent":{"error":{"code":"x${NUL}","message":"no${HALF}"}}}`,
    { ok: false, summary: 'no�', result: { error: { code: 'x�', message: 'no�' } } },
  ],
  [
    'a refusal in words',
    `{"isError":true,"content":[{"type":"text","text":"no${NUL}"}]}`,
    { ok: false, summary: 'no�' },
  ],
  ['an answer that is none', `{"content":"a${NUL}b${HALF}"}`, { ok: false }],
])('%s with characters that no database takes is kept with marks in their place', async (_what, answer, kept) => {
  expect((await looked(answer)).kept).toMatchObject(kept)
})

test('what is said in words alone is kept whole, for conditions to read; its summary says that it is cut', async () => {
  const text = `${'all is well. '.repeat(48)}Except for the disk.`
  const { kept, said } = await looked(inWords(text))
  expect(kept).toMatchObject({ ok: true, truncated: false, result: { text, truncated: false } })
  expect(kept?.summary).toBe(`${text.slice(0, 500)}… (${text.length - 500} more characters)`)
  expect(said).toMatchObject({ ok: true, result: { text } })
})

test('words of a resource are words too', async () => {
  const resource = { uri: 'file:///notes.md', mimeType: 'text/markdown', text: 'Buy milk.' }
  const { kept } = await looked(JSON.stringify({ content: [{ type: 'resource', resource }] }))
  expect(kept).toMatchObject({ summary: 'Buy milk.', result: { text: 'Buy milk.' } })
})

test('words above the bound are cut, between characters and not within one, and said to be', async () => {
  const { kept } = await looked(inWords(`${'a'.repeat(99_999)}😀 and the rest`))
  expect(kept).toMatchObject({ ok: true, truncated: true, result: { truncated: true } })
  expect(Object(kept?.result).text).toBe(`${'a'.repeat(99_999)}… (15 more characters)`)
})

test('the words of a refusal are as long as people read', async () => {
  const error = { code: 'internal', message: 'no '.repeat(50_000) }
  const { kept } = await looked(inWords('', { isError: true, structuredContent: { error } }))
  expect(kept).toMatchObject({ ok: false })
  expect(kept?.summary.length).toBeLessThan(4_100)
})

test.each([
  ['long', JSON.stringify({ content: [], structuredContent: { summary: 's', text: 'x'.repeat(300_000) } })],
  ['deep', `{"content":[],"structuredContent":{"summary":"s","x":${'['.repeat(3_000)}${']'.repeat(3_000)}}}`],
])('an answer that is too %s is not kept, and said not to be', async (_what, answer) => {
  const { kept } = await looked(answer)
  expect(kept).toMatchObject({
    ok: false,
    summary: 'The answer is too large to keep. Ask for less.',
    result: { error: { code: 'too_large' } },
  })
})
