import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { grantSigner } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatedProxmox, startProxmox } from '../../../test/simulators/proxmox/cluster.ts'
import { initialize, startRaw } from '../../shared/test/server-process.ts'
import { MAIN, serverEnv, startServer } from './start-server.ts'

let cluster: SimulatedProxmox
const folder = mkdtempSync(join(tmpdir(), 'oracle-'))
const oracle = join(folder, 'calls.jsonl')

beforeAll(async () => {
  cluster = await startProxmox({ oracle, taskMs: 15 })
})
afterAll(() => cluster.stop())

const web = { guest: 100 }

const start = (env: Record<string, string>, flags: string[] = []) => startRaw(MAIN, env, flags)

test('the end of stdin aborts a change in flight and ends the process', async () => {
  const signer = grantSigner()
  const { child, out, exit, send } = start(serverEnv(cluster, signer))
  send(initialize)
  await expect.poll(() => out.stdout, { timeout: 20_000 }).toContain('watchkeeper/grants')
  const audience = /"audience":"([^"]+)"/.exec(out.stdout)?.[1] ?? ''
  send({ method: 'notifications/initialized' })
  cluster.hang({ match: /^POST .*\/status\/reset$/ })
  const args = { ...web, dry_run: false }
  const grant = signer.grant({ tool: 'guest_reset', arguments: args, audience })
  send({
    id: 2,
    method: 'tools/call',
    params: { name: 'guest_reset', arguments: args, _meta: { 'watchkeeper/grant': grant } },
  })
  await expect.poll(() => readFileSync(oracle, 'utf8'), { timeout: 10_000 }).toContain('status/reset')
  child.stdin.end()
  expect(await exit).toBe(0)
  expect(out.stderr).toContain('"outcome":"failed","code":"timeout"')
  expect(cluster.changes()).toEqual([])
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
  const gone = await startProxmox()
  const server = await startServer(gone, 'stdio')
  await gone.stop()
  const answer = await server.call('guest_get', web)
  expect(answer.structuredContent).toMatchObject({ error: { code: 'unreachable', retryable: true } })
  expect(answer.content[0]?.text).toContain('ECONNREFUSED')
  expect((await server.call('clusters_list', {})).structuredContent).toMatchObject({
    items: [{ reachable: false, problem: expect.stringContaining('ECONNREFUSED') }],
  })
  const probe = { tool: 'guest_reset', arguments: web, effect: crypto.randomUUID() }
  expect((await server.call('probe_effect', probe)).structuredContent).toMatchObject({ state: 'unknown' })
  await server.stop()
})

test('read-only has no changing tool and no use for the operator', async () => {
  const env = { PROXMOX_OPERATOR_TOKEN_SECRET: '', PROXMOX_OPERATOR_TOKEN_SECRET_FILE: '/does/not/exist' }
  const server = await startServer(cluster, 'stdio', { flags: ['--read-only'], env })
  const { tools } = await server.client.listTools()
  expect(tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true)
  expect(tools).toHaveLength(18)
  await expect(server.call('guest_reset', web)).rejects.toThrow('no tool "guest_reset"')
  await server.stop()
})

test('the deny list holds against a grant, by kind and by id', async () => {
  for (const pattern of ['guest', 'guest/100']) {
    const server = await startServer(cluster, 'stdio', { flags: ['--deny', pattern] })
    const args = { ...web, dry_run: false }
    const answer = await server.call('guest_reset', args, server.granted('guest_reset', args))
    expect(answer.structuredContent).toMatchObject({ error: { code: 'refused' } })
    await server.stop()
  }
  expect(cluster.changes()).toEqual([])
})

test('several clusters are chosen by name', async () => {
  const cabin = await startProxmox({ clusterName: 'cabin' })
  cabin.addGuest({ id: 700, name: 'only-there' })
  const entry = (one: SimulatedProxmox) => {
    const { id, secret } = one.token('reader')
    return { url: one.url, fingerprint: one.fingerprint, reader: { token_id: id, token_secret: secret } }
  }
  const config = join(folder, 'clusters.yaml')
  writeFileSync(config, JSON.stringify({ clusters: { home: entry(cluster), cabin: entry(cabin) } }))
  const server = await startServer(cluster, 'stdio', { env: { PROXMOX_CONFIG: config } })
  expect((await server.call('guest_get', { cluster: 'cabin', guest: 700 })).structuredContent).toMatchObject({
    name: 'only-there',
  })
  expect((await server.call('guest_get', { guest: 700 })).structuredContent).toMatchObject({
    error: { code: 'not_found' },
  })
  expect((await server.call('clusters_list', {})).structuredContent).toMatchObject({
    items: [{ name: 'home' }, { name: 'cabin' }],
  })
  await Promise.all([server.stop(), cabin.stop()])
})

test('it stays small: under 140 MB at rest, before and after it was asked something', async () => {
  const server = await startServer(cluster, 'stdio')
  const megabytes = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
  const idle = megabytes()
  await server.call('guest_get', web)
  expect(idle).toBeGreaterThan(40)
  expect(idle).toBeLessThan(125)
  expect(megabytes()).toBeLessThan(140)
  await server.stop()
})

test('what is wrong with the configuration is said in sentences, all of it, and exits with 2', async () => {
  const { out, exit } = start({ PATH: process.env.PATH ?? '', PROXMOX_URL: 'http://pve', PROXMOX_TOKEN_ID: 'root' }, [
    '--shell',
  ])
  expect(await exit).toBe(2)
  expect(out.stderr).toContain('--shell is not a flag')
  const again = start({ PATH: process.env.PATH ?? '', PROXMOX_URL: 'http://pve', PROXMOX_TOKEN_ID: 'root' })
  expect(await again.exit).toBe(2)
  expect(again.out.stderr).toContain('PROXMOX_TOKEN_ID: must be USER@REALM!TOKENID')
  expect(again.out.stdout).toBe('')
})
