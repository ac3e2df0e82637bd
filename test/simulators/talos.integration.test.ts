import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type ClusterAccess, clusterAccess } from '../../mcp-servers/talos/src/talos-config.ts'
import { type Connection, connect } from '../../mcp-servers/talos/src/talos-connection.ts'
import { controlOf, type TalosControl } from './talos/control.ts'

const folder = mkdtempSync(join(tmpdir(), 'simulated-talos-'))
const oracle = join(folder, 'oracle.jsonl')
let child: ReturnType<typeof spawn>
let control: TalosControl
let configs: Record<'reader' | 'operator' | 'admin', string>

beforeAll(async () => {
  const main = join(import.meta.dirname, 'talos/main.ts')
  const args = [main, '--oracle', oracle, '--talosconfig-dir', folder, '--reboot-ms', '100']
  child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const line = await new Promise<string>((resolve) => child.stdout?.once('data', (chunk) => resolve(String(chunk))))
  const ready = JSON.parse(line) as { ready: boolean; control: string; talosconfigs: typeof configs }
  expect(ready).toMatchObject({ ready: true, url: expect.stringMatching(/^127\.0\.0\.1:\d+$/) })
  control = controlOf(ready.control)
  configs = ready.talosconfigs
})
afterAll(async () => {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
})

function connection(role: 'reader' | 'operator' | 'admin'): Connection {
  const [access] = clusterAccess({ env: { TALOSCONFIG: configs[role] }, contexts: [], readOnly: false })
  const { name, endpoints, operator } = access as ClusterAccess
  return connect(name, endpoints, operator)
}

const signal = AbortSignal.timeout(30_000)

test('as a process of its own it is controlled over HTTP, and keeps a line of every call', async () => {
  expect(statSync(configs.reader).mode & 0o777).toBe(0o600)
  await control.breakService('worker-1', 'kubelet', { message: 'refused' })
  expect(await control.serviceState('worker-1', 'kubelet')).toMatchObject({ healthy: false })
  const restart = {
    method: 'machine.MachineService/ServiceRestart',
    request: { id: 'kubelet' },
    node: '10.5.0.21',
  } as const
  await expect(connection('reader').unary({ ...restart, signal })).rejects.toThrow(/os:operator or os:admin/)
  await connection('operator').unary({ ...restart, signal, changing: true })
  await expect
    .poll(() => control.serviceState('worker-1', 'kubelet'))
    .toMatchObject({ state: 'Running', healthy: true })
  expect(await control.changes()).toMatchObject([{ call: 'ServiceRestart', node: 'worker-1' }])
  const lines = readFileSync(oracle, 'utf8').trim().split('\n')
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { simulator: 'talos', node: 'worker-1', organizations: ['os:reader'], code: 'PERMISSION_DENIED' },
    { call: 'machine.MachineService/ServiceRestart', organizations: ['os:operator'], code: 'OK' },
  ])
})

test('a node reboots and comes back in another boot, and etcd can be made ill', async () => {
  const before = (await control.nodes()).find(({ name }) => name === 'cp-2')
  await connection('operator').unary({
    method: 'machine.MachineService/Reboot',
    node: '10.5.0.12',
    signal,
    changing: true,
  })
  await expect
    .poll(async () => (await control.nodes()).find(({ name }) => name === 'cp-2'))
    .toMatchObject({ stage: 'running', boots: 2 })
  const after = (await control.nodes()).find(({ name }) => name === 'cp-2')
  expect(after?.bootedAt).toBeGreaterThan(before?.bootedAt ?? 0)
  await control.setEtcd('cp-3', { alarm: 'NOSPACE' })
  expect(await control.etcd('cp-3')).toMatchObject({ alarm: 'NOSPACE' })
  await expect(control.powerOff('cp-9')).rejects.toThrow('no node cp-9')
  expect((await control.planted()).length).toBeGreaterThan(15)
})

test('without a client certificate of its authority there is no call', async () => {
  const [access] = clusterAccess({ env: { TALOSCONFIG: configs.reader }, contexts: [], readOnly: false })
  const { name, endpoints, operator } = access as ClusterAccess
  const { createAuthority } = await import('./tls.ts')
  const stranger = await (await createAuthority('stranger', 'Ed25519')).issueClient({
    commonName: 'x',
    organizations: ['os:admin'],
  })
  const strange = connect(name, endpoints, { ...operator, certificate: stranger.certificate, key: stranger.key })
  await expect(strange.unary({ method: 'machine.MachineService/Version', signal })).rejects.toMatchObject({
    code: 'unreachable',
  })
})
