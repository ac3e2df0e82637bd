import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialize, type ServerProcess, startRaw, startServer } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type KnowledgeSimulator, startKnowledge } from '../../../test/simulators/knowledge/server.ts'

const tokenFile = join(mkdtempSync(join(tmpdir(), 'mcp-knowledge-')), 'token')

const MAIN = new URL('../src/main.ts', import.meta.url).pathname

let watchkeeper: KnowledgeSimulator
beforeAll(async () => {
  const facts = { outcome: 'not_fixed', because: 'The alert still fires.', runbook: 'pod-oom-killed', at: '2026-11-01' }
  const markdown = '# KubePodCrashLooping\n\nradarr keeps crashing on its database'
  watchkeeper = await startKnowledge({ pages: [{ collection: 'decisions', id: '17', markdown, facts }] })
  writeFileSync(tokenFile, `${watchkeeper.token}\n`, { mode: 0o600 })
})
afterAll(() => watchkeeper.stop())

const env = () => ({ WATCHKEEPER_URL: watchkeeper.url, KNOWLEDGE_TOKEN_FILE: tokenFile })

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startServer(MAIN, transport, env())
  })
  afterAll(() => server.stop())

  test('every tool reads what a Watchkeeper knows', async () => {
    const read = async (tool: string, args: Record<string, unknown>) =>
      (await server.call(tool, args)).structuredContent
    const search = { alertname: 'KubePodOOMKilled', summary: 'a pod is killed for memory' }
    expect(await read('search', search)).toMatchObject({
      fits: true,
      items: expect.arrayContaining([expect.objectContaining({ id: 'pod-oom-killed' })]),
    })
    expect(await read('runbook_get', { runbook: 'pod-oom-killed' })).toMatchObject({
      object: { steps: [{ tool: 'kubernetes.set_resources' }] },
    })
    expect(await read('runbook_stats', { runbook: 'pod-oom-killed' })).toMatchObject({ ran: 3, succeeded: 3 })
    expect(await read('decisions_like', { summary: 'radarr keeps crashing on its database' })).toMatchObject({
      items: [{ id: '17', outcome: 'not_fixed', ended: 'The alert still fires.' }],
    })
  })

  test('a runbook that is none is not found, and a path is no name', async () => {
    expect((await server.call('runbook_get', { runbook: 'none' })).structuredContent).toMatchObject({
      error: { code: 'not_found' },
    })
    const before = watchkeeper.calls.length
    const answer = await server.call('runbook_get', { runbook: '../../healthz' })
    expect(answer.structuredContent).toMatchObject({ error: { code: 'invalid' } })
    expect(watchkeeper.calls).toHaveLength(before)
  })
})

test('a Watchkeeper that is away or has another token is told so, in words that name what to set', async () => {
  const wrong = await startServer(MAIN, 'stdio', {
    WATCHKEEPER_URL: watchkeeper.url,
    KNOWLEDGE_TOKEN: 'another-token-0123456789',
  })
  expect((await wrong.call('search', { summary: 'x' })).structuredContent).toMatchObject({
    error: { code: 'forbidden', message: expect.stringContaining('KNOWLEDGE_TOKEN') },
  })
  await wrong.stop()
  const away = await startServer(MAIN, 'stdio', { ...env(), WATCHKEEPER_URL: 'http://127.0.0.1:1' })
  expect((await away.call('search', { summary: 'x' })).structuredContent).toMatchObject({
    error: { code: 'unreachable', retryable: true, message: expect.stringContaining('WATCHKEEPER_URL') },
  })
  await away.stop()
})

test('the end of stdin aborts a search in flight and ends the process', async () => {
  const { child, out, exit, send } = startRaw(MAIN, env())
  send(initialize)
  await expect.poll(() => out.stdout, { timeout: 20_000 }).toContain('result')
  send({ method: 'notifications/initialized' })
  watchkeeper.hang(true)
  const before = watchkeeper.calls.length
  send({ id: 2, method: 'tools/call', params: { name: 'search', arguments: { summary: 'x' } } })
  await expect.poll(() => watchkeeper.calls.length, { timeout: 10_000 }).toBe(before + 1)
  child.stdin.end()
  expect(await exit).toBe(0)
  watchkeeper.hang(false)
  for (const line of out.stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
  expect(out.stderr).not.toContain(watchkeeper.token)
})

test('what is wrong with the configuration is said in sentences, all of it, and exits with 2', async () => {
  const { out, exit } = startRaw(MAIN, { WATCHKEEPER_URL: 'watchkeeper' })
  expect(await exit).toBe(2)
  expect(out.stderr).toContain('Set WATCHKEEPER_URL to the address of Watchkeeper')
  expect(out.stderr).toContain('Set KNOWLEDGE_TOKEN to the token')
  expect(out.stdout).toBe('')
})

test('it stays small: under 140 MB, before and after it was asked something', async () => {
  const server = await startServer(MAIN, 'stdio', env())
  const megabytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
  expect(megabytes()).toBeGreaterThan(40)
  await server.call('search', { summary: 'memory' })
  expect(megabytes()).toBeLessThan(140)
  await server.stop()
})
