import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { grantSigner } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type SimulatedTalos, startTalos } from '../../../test/simulators/talos/cluster.ts'
import { type Started, startServer } from './start-server.ts'

const patch = 'machine: { sysctls: { vm.swappiness: "10" } }'
const cp1 = { node: 'cp-1' }

/** Every changing tool with its arguments, and the simulated method whose answer is lost to try the probe. */
const CHANGES: readonly {
  tool: string
  args: Record<string, unknown>
  method: string
  prepare?: (talos: SimulatedTalos) => void
}[] = [
  { tool: 'service_restart', args: { ...cp1, service: 'kubelet' }, method: 'ServiceRestart' },
  { tool: 'etcd_snapshot', args: cp1, method: 'EtcdSnapshot' },
  { tool: 'service_stop', args: { ...cp1, service: 'kubelet' }, method: 'ServiceStop' },
  { tool: 'service_start', args: { ...cp1, service: 'kubelet' }, method: 'ServiceStart', prepare: stopKubelet },
  { tool: 'reboot', args: cp1, method: 'Reboot' },
  { tool: 'shutdown', args: cp1, method: 'Shutdown' },
  { tool: 'etcd_defrag', args: cp1, method: 'EtcdDefragment' },
  { tool: 'config_patch', args: { ...cp1, patch }, method: 'ApplyConfiguration' },
  { tool: 'upgrade', args: { ...cp1, version: 'v1.13.0' }, method: 'Upgrade' },
  { tool: 'rollback', args: cp1, method: 'Rollback', prepare: upgraded },
]

function stopKubelet(talos: SimulatedTalos): void {
  talos.setService('cp-1', 'kubelet', 'Finished')
}

function upgraded(talos: SimulatedTalos): void {
  talos.setVersions('cp-1', { runs: 'v1.12.4', before: 'v1.11.5' })
}

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let talos: SimulatedTalos
  let server: Started

  beforeAll(async () => {
    talos = await startTalos({ rebootMs: 200 })
    server = await startServer(talos.talosconfig('admin'), transport)
  })
  beforeEach(() => {
    talos.reset()
    for (const name of readdirSync(server.snapshots))
      if (name.endsWith('.snapshot')) rmSync(join(server.snapshots, name))
  })
  afterAll(async () => {
    await server.stop()
    await talos.stop()
  })

  const probe = async (tool: string, args: Record<string, unknown>, effect: string) =>
    (await server.call('probe_effect', { tool, arguments: args, effect })).structuredContent

  test.each(CHANGES)(
    '$tool: rehearsed, refused without a grant, made once, and found by its probe',
    async ({ tool, args, prepare }) => {
      prepare?.(talos)
      const dry = (await server.call(tool, args)).structuredContent
      expect(dry).toMatchObject({ dry_run: true, effect: null, target: { name: 'cp-1', uid: 'node-id-cp-1' } })
      expect(talos.changes()).toEqual([])
      const real = { ...args, dry_run: false, precondition: dry.precondition }
      expect((await server.call(tool, real)).structuredContent).toMatchObject({ error: { code: 'grant_missing' } })
      const effect = crypto.randomUUID()
      expect(await probe(tool, real, effect)).toMatchObject({ state: 'not_done' })
      const once = server.granted(tool, real, effect)
      const done = (await server.call(tool, real, once)).structuredContent
      expect(done).toMatchObject({ dry_run: false, effect })
      const made = talos.changes().length
      expect(made).toBeGreaterThan(0)
      expect((await server.call(tool, real, once)).structuredContent).toMatchObject({
        error: { code: 'grant_replayed' },
      })
      expect(await probe(tool, real, effect)).toMatchObject({ state: 'done' })
      expect(talos.changes()).toHaveLength(made)
    },
  )

  test.each(CHANGES.filter(({ tool }) => tool !== 'etcd_snapshot'))(
    '$tool: done although its answer was lost',
    async ({ tool, args, method, prepare }) => {
      prepare?.(talos)
      const { precondition } = (await server.call(tool, args)).structuredContent
      const real = { ...args, dry_run: false, precondition }
      const effect = crypto.randomUUID()
      talos.dropAnswer({ match: new RegExp(`^${method} cp-1$`) })
      const answer = await server.call(tool, real, server.granted(tool, real, effect))
      expect(answer.structuredContent).toMatchObject({ error: { code: 'unreachable', retryable: true } })
      expect(talos.changes().filter(({ call }) => call === method)).toHaveLength(1)
      await expect.poll(() => probe(tool, real, effect), { timeout: 10_000 }).toMatchObject({ state: 'done' })
    },
  )

  test('a snapshot whose stream was cut leaves no file, and is not done', async () => {
    const real = { ...cp1, dry_run: false }
    const effect = crypto.randomUUID()
    talos.dropAnswer({ match: /^EtcdSnapshot cp-1$/ })
    const answer = await server.call('etcd_snapshot', real, server.granted('etcd_snapshot', real, effect))
    expect(answer.structuredContent).toMatchObject({ error: { code: 'unreachable' } })
    expect(readdirSync(server.snapshots)).toEqual(['talosconfig'])
    expect(await probe('etcd_snapshot', real, effect)).toMatchObject({ state: 'not_done' })
  })

  test('a snapshot is a file for its owner alone, with the digest that was answered', async () => {
    const real = { ...cp1, dry_run: false }
    const answer = await server.call('etcd_snapshot', real, server.granted('etcd_snapshot', real))
    const { file, bytes } = answer.structuredContent.snapshot as { file: string; bytes: number }
    const { size, mode } = statSync(join(server.snapshots, file))
    expect([size, mode & 0o777]).toEqual([bytes, 0o600])
    expect(readFileSync(join(server.snapshots, file)).toString('latin1')).toContain('etcd of cp-1')
  })

  test('config_dry_run asks the node, and changes nothing', async () => {
    const rebooting = { ...cp1, patch: 'machine: { kernel: { modules: [{ name: zfs }] } }' }
    const real = { ...rebooting, dry_run: false }
    expect((await server.call('config_dry_run', real)).structuredContent).toMatchObject({
      error: { code: 'grant_missing' },
    })
    const effect = crypto.randomUUID()
    expect(await probe('config_dry_run', real, effect)).toMatchObject({ state: 'not_done' })
    const said = await server.call('config_dry_run', real, server.granted('config_dry_run', real, effect))
    expect(said.structuredContent).toMatchObject({ node_says: { mode: 'reboot' } })
    expect(await probe('config_dry_run', real, effect)).toMatchObject({ state: 'done' })
    expect(talos.changes()).toEqual([])
    expect((await server.call('config_patch', rebooting)).structuredContent).toMatchObject({
      error: { code: 'invalid', message: expect.stringContaining("can't be applied in immediate mode") },
    })
  })

  test('grants that are forged, for another server, tool or arguments, or too old do nothing', async () => {
    const args = { node: 'worker-1', dry_run: false }
    const right = { tool: 'reboot', arguments: args, audience: server.audience }
    const code = async (text: string) => {
      const { structuredContent } = await server.call('reboot', args, { 'watchkeeper/grant': text })
      return (structuredContent.error as { code: string }).code
    }
    const { signer } = server
    expect(await code(grantSigner().grant(right))).toBe('grant_invalid')
    expect(await code(signer.grant({ ...right, audience: 'other' }))).toBe('grant_mismatch')
    expect(await code(signer.grant({ ...right, tool: 'shutdown' }))).toBe('grant_mismatch')
    expect(await code(signer.grant({ ...right, arguments: { ...args, node: 'cp-1' } }))).toBe('grant_mismatch')
    expect(await code(signer.grant({ ...right, iat: Date.now() - 60_000, exp: Date.now() - 1 }))).toBe('grant_expired')
    expect(talos.changes()).toEqual([])
  })

  test('a reboot ends with its grant, and says that the node had taken it', async () => {
    const args = { node: 'worker-1', dry_run: false }
    talos.delayNext({ match: /^Events worker-1$/, ms: 5_000 })
    const exp = Date.now() + 700
    const grant = server.signer.grant({ tool: 'reboot', arguments: args, audience: server.audience, exp })
    const answer = await server.call('reboot', args, { 'watchkeeper/grant': grant })
    expect(answer.structuredContent).toMatchObject({
      error: { code: 'timeout', message: expect.stringContaining('worker-1 took the order (reboot)') },
    })
  })

  test('nothing that is planted as a secret is ever shown', async () => {
    const seen: string[] = []
    const look = async (tool: string, args: Record<string, unknown>) => {
      seen.push(JSON.stringify(await server.call(tool, args)))
    }
    for (const tool of ['clusters_list', 'cluster_overview', 'health', 'version', 'etcd_status']) await look(tool, {})
    for (const tool of ['node_describe', 'services', 'dmesg', 'events', 'disks', 'network', 'resource_definitions'])
      await look(tool, cp1)
    await look('service_logs', { ...cp1, service: 'kubelet', tail: 500 })
    const { items } = (await server.call('resource_definitions', cp1)).structuredContent
    for (const { type } of items as { type: string }[]) {
      await look('resources_list', { ...cp1, type })
      const listed = (await server.call('resources_list', { ...cp1, type })).structuredContent.items ?? []
      for (const { id } of listed as { id: string }[]) await look('resource_get', { ...cp1, type, id })
    }
    for (const { tool, args } of CHANGES) await look(tool, args)
    const all = `${seen.join('\n')}${server.stderr()}`
    expect(seen.length).toBeGreaterThan(50)
    expect(all).toContain('net.core.somaxconn')
    for (const planted of talos.planted()) expect(all.includes(planted), planted).toBe(false)
    expect(all).not.toContain('\\u001b')
  })
})

describe('the preflight on a real wire', () => {
  let talos: SimulatedTalos
  let server: Started

  beforeAll(async () => {
    talos = await startTalos({ rebootMs: 200 })
    server = await startServer(talos.talosconfig('admin'), 'stdio')
  })
  afterAll(async () => {
    await server.stop()
    await talos.stop()
  })

  test.each(
    CHANGES.filter(({ tool }) =>
      ['reboot', 'shutdown', 'upgrade', 'rollback', 'etcd_defrag', 'service_stop'].includes(tool),
    ),
  )('$tool is refused while etcd could not spare the member, with a grant too', async ({ tool, args }) => {
    talos.setEtcd('cp-3', { sick: 'the disk is full' })
    const real = { ...args, dry_run: false }
    const refused = await server.call(tool, real, server.granted(tool, real))
    expect(refused.structuredContent).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('cp-3') },
    })
    talos.setEtcd('cp-3', { sick: null, alarm: 'CORRUPT' })
    expect((await server.call(tool, args)).structuredContent).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('CORRUPT') },
    })
    talos.setEtcd('cp-3', { alarm: null })
    talos.powerOff('cp-2')
    expect((await server.call(tool, args)).structuredContent).toMatchObject({ error: { code: 'refused' } })
    talos.powerOn('cp-2')
    expect((await server.call(tool, args)).structuredContent).toHaveProperty('dry_run')
    expect(talos.changes()).toEqual([])
  })

  test('etcd without its quorum is told, and nothing on the control plane may go', async () => {
    talos.powerOff('cp-2')
    talos.powerOff('cp-3')
    expect((await server.call('etcd_status', {})).structuredContent).toMatchObject({ healthy: 0, may_lose: 0 })
    expect((await server.call('reboot', cp1)).structuredContent).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('would lose its quorum') },
    })
    expect((await server.call('health', { wait_seconds: 1 })).structuredContent).toMatchObject({
      healthy: false,
      items: [{ step: 'etcd to be healthy', passed: false }],
    })
    talos.powerOn('cp-2')
    talos.powerOn('cp-3')
  })

  test('a kubelet in trouble is seen, and mended by a restart', async () => {
    talos.breakService('worker-1', 'kubelet')
    const worker = { node: 'worker-1', service: 'kubelet' }
    expect((await server.call('services', worker)).structuredContent).toMatchObject({ sound: false })
    expect((await server.call('node_describe', { node: 'worker-1' })).structuredContent).toMatchObject({ ready: false })
    const { precondition } = (await server.call('service_restart', worker)).structuredContent
    const real = { ...worker, dry_run: false, precondition }
    const done = await server.call('service_restart', real, server.granted('service_restart', real))
    expect(done.structuredContent).toMatchObject({ warnings: ['Pods go on running while the kubelet restarts.'] })
    expect((await server.call('services', worker)).structuredContent).toMatchObject({ sound: true })
  })

  test('a configuration with which the node is not ready is not kept', { timeout: 90_000 }, async () => {
    const args = { node: 'worker-2', patch: 'machine: { sysctls: { simulated.unready: "1" } }' }
    const { precondition } = (await server.call('config_patch', args)).structuredContent
    const real = { ...args, dry_run: false, precondition }
    const answer = await server.call('config_patch', real, server.granted('config_patch', real))
    expect(answer.structuredContent).toMatchObject({
      error: { code: 'timeout', message: expect.stringContaining('Talos takes it back within a minute') },
    })
    expect(talos.changes().filter(({ node }) => node === 'worker-2')).toHaveLength(1)
  })

  test('a reboot that the node gives up is told in its words', async () => {
    talos.failNext('worker-1', 'failed to stop the pods')
    const real = { node: 'worker-1', dry_run: false }
    const answer = await server.call('reboot', real, server.granted('reboot', real))
    expect(answer.structuredContent).toMatchObject({
      error: { code: 'refused', message: expect.stringContaining('failed to stop the pods') },
    })
  })
})
