import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { grantSigner, keyFromFolder } from '../../src/tools/grants.ts'
import { openTools } from '../../src/tools/open-tools.ts'
import { ownServers } from '../../src/tools/server-entries.ts'
import { type PrometheusSimulator, startPrometheus } from '../simulators/prometheus/server.ts'
import { type TestDatabase, testDatabase } from '../support/postgres.ts'

const log = pino({ level: 'silent' })
let folder: string
let db: TestDatabase
let prometheus: PrometheusSimulator
let app: App
let env: Record<string, string>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'watchkeeper-looking-'))
  prometheus = await startPrometheus({ series: [{ query: 'up', labels: { instance: 'pve1' }, value: () => 1 }] })
  db = await testDatabase()
  env = {
    DATABASE_URL: db.url,
    DATA_DIR: folder,
    PORT: String(await freePort()),
    KNOWLEDGE_TOKEN: 'a-token-of-sixteen-or-more',
    PROMETHEUS_URL: prometheus.url,
  }
  app = await startApp(readConfig(env), { log })
})
afterAll(async () => {
  await app.stop()
  await Promise.all([prometheus.stop(), db.close()])
  await rm(folder, { recursive: true, force: true })
})

test('PROMETHEUS_URL and KNOWLEDGE_TOKEN each start a server, and the agent’s parts say so', async () => {
  const parts = new Map((await app.parts()).map(({ part, state, detail }) => [part, `${state}: ${detail}`]))
  expect(parts.get('prometheus')).toBe('real: 5 tools by MCP.')
  expect(parts.get('knowledge')).toBe('real: 4 tools by MCP.')
})

test('their tools answer: metrics from Prometheus, and pages from this agent itself', async () => {
  const signer = grantSigner(await keyFromFolder(join(folder, 'keys', 'grant.pem')))
  const pins = { check: async () => undefined }
  const toolbox = openTools(ownServers(readConfig(env)), { signer, log, pins })
  const call = async (tool: string, args: Record<string, string>) =>
    await toolbox.call(tool, args, { deadlineMs: 10_000 })
  expect(await call('prometheus.query', { expression: 'up' })).toMatchObject({ ok: true, result: { total: 1 } })
  expect(await call('knowledge.runbook_get', { runbook: 'pod-oom-killed' })).toMatchObject({
    ok: true,
    result: { object: { title: 'App keeps running out of memory' } },
  })
  await toolbox.close()
})

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
