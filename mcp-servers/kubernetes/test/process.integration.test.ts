import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { grantSigner } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatedCluster, startKubernetes } from '../../../test/simulators/kubernetes/cluster.ts'
import { initialize, startRaw } from '../../shared/test/server-process.ts'
import { MAIN, serverEnv, startServer } from './start-server.ts'

let cluster: SimulatedCluster
const oracle = join(mkdtempSync(join(tmpdir(), 'oracle-')), 'calls.jsonl')

beforeAll(async () => {
  cluster = await startKubernetes({ oracle })
  cluster.addWorkload({ namespace: 'shop', name: 'cart' })
})
afterAll(() => cluster.stop())

const cart = { namespace: 'shop', workload: 'deployment/cart' }

const start = (env: Record<string, string>, flags: string[] = []) => startRaw(MAIN, env, flags)

test('the end of stdin aborts a change in flight and ends the process', async () => {
  const signer = grantSigner()
  const { child, out, exit, send } = start(serverEnv(cluster, signer))
  send(initialize)
  await expect.poll(() => out.stdout, { timeout: 20_000 }).toContain('watchkeeper/grants')
  const audience = /"audience":"([^"]+)"/.exec(out.stdout)?.[1] ?? ''
  send({ method: 'notifications/initialized' })
  cluster.hang({ match: /^PATCH .*\/cart\b/ })
  const args = { ...cart, dry_run: false }
  const grant = signer.grant({ tool: 'rollout_restart', arguments: args, audience })
  send({
    id: 2,
    method: 'tools/call',
    params: { name: 'rollout_restart', arguments: args, _meta: { 'watchkeeper/grant': grant } },
  })
  await expect.poll(() => readFileSync(oracle, 'utf8'), { timeout: 10_000 }).toContain('PATCH')
  const ended = performance.now()
  child.stdin.end()
  expect(await exit).toBe(0)
  expect(performance.now() - ended).toBeLessThan(5_000)
  expect(out.stderr).toContain('"outcome":"failed","code":"timeout"')
  expect(cluster.restarts('shop/cart')).toBe(0)
})

test('SIGTERM ends it, and stdout holds nothing but the protocol', async () => {
  const { child, out, exit, send } = start(serverEnv(cluster, grantSigner()))
  send(initialize)
  await expect.poll(() => out.stdout, { timeout: 20_000 }).toContain('result')
  child.kill('SIGTERM')
  expect(await exit).toBe(0)
  for (const line of out.stdout.trim().split('\n')) expect(JSON.parse(line)).toMatchObject({ jsonrpc: '2.0' })
})

test('a cluster that is down does not keep it from starting; each call says so', async () => {
  const gone = await startKubernetes()
  const server = await startServer(gone, 'stdio')
  await gone.stop()
  const answer = await server.call('rollout_status', cart)
  expect(answer.structuredContent).toMatchObject({ error: { code: 'unreachable', retryable: true } })
  expect(answer.content[0]?.text).toContain('ECONNREFUSED')
  const probe = { tool: 'rollout_restart', arguments: cart, effect: crypto.randomUUID() }
  expect((await server.call('probe_effect', probe)).structuredContent).toMatchObject({ state: 'unknown' })
  await server.stop()
})

test('read-only has no changing tool and no use for the operator', async () => {
  const server = await startServer(cluster, 'stdio', ['--read-only'])
  const { tools } = await server.client.listTools()
  expect(tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true)
  expect(tools).toHaveLength(13)
  await expect(server.call('scale', { ...cart, replicas: 1 })).rejects.toThrow('no tool "scale"')
  await server.stop()
})

test('the deny list holds against a grant', async () => {
  const server = await startServer(cluster, 'stdio', ['--deny', 'deployment/shop/cart'])
  const args = { ...cart, replicas: 2, dry_run: false }
  const answer = await server.call('scale', args, server.granted('scale', args))
  expect(answer.structuredContent).toMatchObject({ error: { code: 'refused' } })
  await server.stop()
})

test('it stays small: under 220 MB at rest', async () => {
  const server = await startServer(cluster, 'stdio')
  await server.call('rollout_status', cart)
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
  expect(rss).toBeGreaterThan(40)
  expect(rss).toBeLessThan(220)
  await server.stop()
})

test('what is wrong with the configuration is said in sentences, all of it, and exits with 2', async () => {
  const { out, exit } = start({ PATH: process.env.PATH ?? '', KUBECONFIG: '/does/not/exist' }, [
    '--http',
    'nowhere',
    '--shell',
  ])
  expect(await exit).toBe(2)
  expect(out.stderr).toContain('--shell is not a flag')
  expect(out.stderr).toContain('HTTP needs a bearer token')
  expect(out.stdout).toBe('')
})

test('a port in use is a sentence', async () => {
  const address = new URL(cluster.url).host
  const { out, exit } = start(serverEnv(cluster, grantSigner()), ['--http', address])
  expect(await exit).toBe(2)
  expect(out.stderr).toContain(`cannot listen on ${address} (EADDRINUSE)`)
})
