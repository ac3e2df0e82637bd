import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { grantSigner } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatedTalos, startTalos } from '../../../test/simulators/talos/cluster.ts'
import { initialize, startRaw } from '../../shared/test/server-process.ts'
import { MAIN, serverEnv, startServer } from './start-server.ts'

let talos: SimulatedTalos
const oracle = join(mkdtempSync(join(tmpdir(), 'oracle-')), 'calls.jsonl')

beforeAll(async () => {
  talos = await startTalos({ oracle })
})
afterAll(() => talos.stop())

const start = (env: Record<string, string>, flags: string[] = []) => startRaw(MAIN, env, flags)

test('the end of stdin cancels a change in flight at the node, and ends the process', async () => {
  const signer = grantSigner()
  const { child, out, exit, send } = start(serverEnv(talos.talosconfig('admin'), signer))
  send(initialize)
  await expect.poll(() => out.stdout, { timeout: 20_000 }).toContain('watchkeeper/grants')
  const audience = /"audience":"([^"]+)"/.exec(out.stdout)?.[1] ?? ''
  send({ method: 'notifications/initialized' })
  talos.hang({ match: /^Reboot worker-1$/ })
  const args = { node: 'worker-1', dry_run: false }
  const grant = signer.grant({ tool: 'reboot', arguments: args, audience })
  const params = { name: 'reboot', arguments: args, _meta: { 'watchkeeper/grant': grant } }
  send({ id: 2, method: 'tools/call', params })
  await expect.poll(() => readFileSync(oracle, 'utf8'), { timeout: 10_000 }).toContain('MachineService/Reboot')
  child.stdin.end()
  expect(await exit).toBe(0)
  expect(out.stderr).toContain('"outcome":"failed","code":"timeout"')
  await expect.poll(() => readFileSync(oracle, 'utf8'), { timeout: 5_000 }).toContain('"cancelled":true')
  expect(talos.changes()).toEqual([])
})

test('a cancelled call is cancelled at the node', async () => {
  const server = await startServer(talos.talosconfig('reader'), 'stdio')
  const before = readFileSync(oracle, 'utf8').split('"cancelled":true').length
  talos.hang({ match: /^Dmesg cp-2$/ })
  const client = new AbortController()
  const call = server.client.callTool({ name: 'dmesg', arguments: { node: 'cp-2' } }, undefined, {
    signal: client.signal,
  })
  call.catch(() => {})
  await expect.poll(() => readFileSync(oracle, 'utf8'), { timeout: 10_000 }).toContain('"node":"cp-2"')
  client.abort()
  await expect
    .poll(() => readFileSync(oracle, 'utf8').split('"cancelled":true').length, { timeout: 5_000 })
    .toBeGreaterThan(before)
  await server.stop()
})

test.each(['stdio', 'http'] as const)(
  'a reader registers no changing tool over %s, and Talos refuses it more',
  async (transport) => {
    const server = await startServer(talos.talosconfig('reader'), transport)
    const { tools } = await server.client.listTools()
    expect(tools).toHaveLength(15)
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true)
    await expect(server.call('reboot', { node: 'worker-1' })).rejects.toThrow('no tool "reboot"')
    const config = { node: 'cp-1', type: 'machineconfig', id: 'v1alpha1' }
    expect((await server.call('resource_get', config)).structuredContent).toMatchObject({
      error: { code: 'forbidden', message: expect.stringMatching(/has os:reader.*needs os:admin/) },
    })
    await server.stop()
  },
)

test('an operator has its tools and none of the administrator, and --read-only takes those too', async () => {
  const server = await startServer(talos.talosconfig('operator'), 'stdio')
  const names = (await server.client.listTools()).tools.map(({ name }) => name)
  expect(names).toEqual(expect.arrayContaining(['reboot', 'etcd_snapshot', 'probe_effect']))
  expect(names).not.toContain('upgrade')
  await server.stop()
  const reading = await startServer(talos.talosconfig('admin'), 'stdio', ['--read-only'])
  expect((await reading.client.listTools()).tools).toHaveLength(15)
  await reading.stop()
})

test('a certificate that has expired, or of another authority, is told as what it is', async () => {
  const expired = await startServer(await talos.issueConfig({ organizations: ['os:reader'], days: -2 }), 'stdio')
  expect((await expired.call('clusters_list', {})).structuredContent).toMatchObject({
    items: [{ nodes: null, warnings: [expect.stringContaining('has expired'), expect.any(String)] }],
  })
  expect((await expired.call('version', {})).structuredContent).toMatchObject({ error: { code: 'unreachable' } })
  await expired.stop()
})

test('a cluster that is down does not keep it from starting; each call says so', async () => {
  const gone = await startTalos()
  const server = await startServer(gone.talosconfig('operator'), 'stdio')
  await gone.stop()
  const answer = await server.call('services', { node: 'cp-1' })
  expect(answer.structuredContent).toMatchObject({ error: { code: 'unreachable', retryable: true } })
  expect(answer.content[0]?.text).toContain('ECONNREFUSED')
  const probe = { tool: 'reboot', arguments: { node: 'cp-1' }, effect: crypto.randomUUID() }
  expect((await server.call('probe_effect', probe)).structuredContent).toMatchObject({ state: 'unknown' })
  await server.stop()
})

test('an endpoint that is away is passed over', async () => {
  const endpoints = ['127.0.0.1:1', talos.endpoint]
  const server = await startServer(talos.talosconfig('reader', { endpoints }), 'stdio')
  expect((await server.call('version', {})).structuredContent).toMatchObject({ total: 5 })
  await server.stop()
})

test('without discovery the nodes of the talosconfig are the cluster', async () => {
  const quiet = await startTalos({ discovery: false })
  const server = await startServer(quiet.talosconfig('reader', { nodes: ['10.5.0.11', '10.5.0.21'] }), 'stdio')
  expect((await server.call('version', { node: '10.5.0.21' })).structuredContent).toMatchObject({ total: 1 })
  await server.stop()
  await quiet.stop()
})

test.each([
  ['v1.17.2', 'v1.18.0', 'Upgrade'],
  ['v1.18.0', 'v1.18.1', 'Reboot'],
])('an upgrade from %s to %s goes the way that version has', async (from, to, last) => {
  const cluster = await startTalos({ version: from, rebootMs: 100 })
  const server = await startServer(cluster.talosconfig('admin'), 'stdio')
  const args = { node: 'cp-2', version: to, dry_run: false }
  const done = await server.call('upgrade', args, server.granted('upgrade', args))
  expect(done.structuredContent).toMatchObject({ diff: [{ field: 'version', from, to }] })
  expect(cluster.changes().at(-1)).toMatchObject({ call: last, node: 'cp-2' })
  await server.stop()
  await cluster.stop()
})

test('the deny list holds against a grant, for everything below a node', async () => {
  const server = await startServer(talos.talosconfig('admin'), 'stdio', ['--deny', 'node/cp-1'])
  for (const [tool, more] of [
    ['reboot', {}],
    ['service_restart', { service: 'kubelet' }],
    ['etcd_defrag', {}],
  ] as const) {
    const args = { node: 'cp-1', ...more, dry_run: false }
    const answer = await server.call(tool, args, server.granted(tool, args))
    expect(answer.structuredContent).toMatchObject({ error: { code: 'refused' } })
  }
  await server.stop()
})

test('it stays small: under 140 MB at rest', async () => {
  const server = await startServer(talos.talosconfig('reader'), 'stdio')
  const rss = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024
  expect(rss).toBeGreaterThan(40)
  expect(rss).toBeLessThan(140)
  await server.stop()
})

test('what is wrong with the configuration is said in sentences, all of it, and exits with 2', async () => {
  const path = join(mkdtempSync(join(tmpdir(), 'talosconfig-')), 'broken')
  writeFileSync(path, 'context: home\ncontexts: { home: { endpoints: [a], ca: x, crt: y, key: planted-key } }')
  const env = { PATH: process.env.PATH ?? '', TALOSCONFIG: path }
  const { out, exit } = start(env, ['--context', 'home,cabin'])
  expect(await exit).toBe(2)
  expect(out.stderr).toContain('no context "cabin"; it has "home"')
  expect(out.stderr).toContain('its ca, crt or key is not a PEM block')
  expect(out.stderr).not.toContain('planted-key')
  expect(out.stdout).toBe('')
})
