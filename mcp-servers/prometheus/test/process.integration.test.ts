import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { initialize, type ServerProcess, startRaw, startServer } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type PrometheusSimulator, startPrometheus } from '../../../test/simulators/prometheus/server.ts'

const folder = mkdtempSync(join(tmpdir(), 'mcp-prometheus-'))
const tokenFile = join(folder, 'token')
writeFileSync(tokenFile, 'let-me-in\n', { mode: 0o600 })

const MAIN = new URL('../src/main.ts', import.meta.url).pathname

let prometheus: PrometheusSimulator
beforeAll(async () => {
  const series = [{ query: 'up', labels: { __name__: 'up', instance: 'pve1' }, value: () => 1 }]
  prometheus = await startPrometheus({ token: 'let-me-in', series })
})
afterAll(() => prometheus.stop())

const env = () => ({ PROMETHEUS_URL: prometheus.url, PROMETHEUS_TOKEN_FILE: tokenFile })

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startServer(MAIN, transport, env())
  })
  afterAll(() => server.stop())

  test('every tool reads', async () => {
    const read = async (tool: string, args = {}) => (await server.call(tool, args)).structuredContent
    expect(await read('clusters_list')).toMatchObject({ items: [{ name: 'prometheus', reachable: true }] })
    expect(await read('query', { expression: 'up' })).toMatchObject({ items: [{ value: 1 }] })
    expect(await read('query_range', { expression: 'up', minutes: 5 })).toMatchObject({ items: [{ last: 1 }] })
    expect(await read('alerts')).toMatchObject({ total: 0 })
    expect(await read('rules')).toMatchObject({ total: 0 })
  })

  test('an argument it does not know is refused, and nothing goes out', async () => {
    const before = prometheus.calls.length
    const answer = await server.call('query', { expression: 'up', url: 'http://169.254.169.254/' })
    expect(answer.structuredContent).toMatchObject({ error: { code: 'invalid' } })
    expect(prometheus.calls).toHaveLength(before)
  })
})

test('several are chosen by name, and one that is down is told beside those that answer', async () => {
  const server = await startServer(MAIN, 'stdio', {
    ...env(),
    PROMETHEUS_URL: `home=${prometheus.url}, cabin=http://127.0.0.1:1`,
  })
  expect((await server.call('clusters_list', {})).structuredContent).toMatchObject({
    summary: '1 of 2 installations answer: home, cabin.',
    items: [
      { name: 'home', reachable: true, problem: null },
      { name: 'cabin', reachable: false, problem: expect.stringContaining('cannot be reached') },
    ],
  })
  expect((await server.call('query', { cluster: 'home', expression: 'up' })).structuredContent).toMatchObject({
    total: 1,
  })
  expect((await server.call('query', { cluster: 'cabin', expression: 'up' })).structuredContent).toMatchObject({
    error: { code: 'unreachable', retryable: true },
  })
  await server.stop()
})

test('SIGTERM and the end of stdin end it, and stdout holds nothing but the protocol', async () => {
  for (const end of ['signal', 'stdin']) {
    const { child, out, exit, send } = startRaw(MAIN, env())
    send(initialize)
    await expect.poll(() => out.stdout, { timeout: 20_000 }).toContain('result')
    if (end === 'signal') child.kill('SIGTERM')
    else child.stdin.end()
    expect(await exit).toBe(0)
    for (const line of out.stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
    expect(out.stderr).not.toContain('let-me-in')
  }
})

test('what is wrong with the configuration is said in sentences, all of it, and exits with 2', async () => {
  const { out, exit } = startRaw(MAIN, { PROMETHEUS_URL: 'ftp://somewhere', PROMETHEUS_TOKEN_FILE: '/does/not/exist' })
  expect(await exit).toBe(2)
  expect(out.stderr).toContain('PROMETHEUS_TOKEN_FILE: the file cannot be read.')
  expect(out.stderr).toContain('needs an address that begins with http:// or https://')
  expect(out.stdout).toBe('')
})

test('it stays small: under 140 MB, before and after it was asked something', async () => {
  const server = await startServer(MAIN, 'stdio', env())
  const megabytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
  expect(megabytes()).toBeGreaterThan(40)
  await server.call('query', { expression: 'up' })
  expect(megabytes()).toBeLessThan(140)
  await server.stop()
})
