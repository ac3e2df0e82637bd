import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type SimulatedProxmox, startProxmox } from '../../../test/simulators/proxmox/cluster.ts'
import { type Started, startServer } from './start-server.ts'

let cluster: SimulatedProxmox

beforeAll(async () => {
  cluster = await startProxmox({ taskMs: 15, secondMs: 2 })
  cluster.addGuest({ id: 150, name: 'cart' })
  cluster.addGuest({ id: 250, kind: 'lxc', name: 'mail' })
})
afterAll(() => cluster.stop())
afterEach(async () => {
  // A task that was given up still runs to its end.
  await cluster.waitUntil(() => cluster.tasks().every(({ exit }) => exit !== undefined))
  cluster.setGuest(101, { running: false })
  cluster.setNode('pve2', true)
  cluster.setGuest(150, { running: true, hung: false, paused: false, lock: undefined as unknown as string })
})

type Failure = { code: string; message: string }

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let server: Started
  beforeAll(async () => {
    server = await startServer(cluster, transport)
  })
  afterAll(() => server.stop())

  const read = async (tool: string, args: Record<string, unknown> = {}) =>
    (await server.call(tool, args)).structuredContent
  const change = async (tool: string, args: Record<string, unknown>) => {
    const real = { ...args, dry_run: false }
    return (await server.call(tool, real, server.granted(tool, real))).structuredContent
  }
  const failure = (answer: Record<string, unknown>) => (answer.error ?? { code: 'none', message: '' }) as Failure

  test('the reading tools read', async () => {
    expect(await read('clusters_list')).toMatchObject({
      items: [{ name: 'proxmox', reachable: true, version: '9.1.2', quorate: true }],
    })
    expect(await read('cluster_status')).toMatchObject({
      quorate: true,
      nodes: [{ name: 'pve1', online: true }, {}, {}],
    })
    expect(await read('resources', { kind: 'vm', node: 'pve3' })).toMatchObject({
      items: [{ id: 'qemu/120', name: 'legacy' }],
    })
    expect(await read('node_status', { node: 'pve1' })).toMatchObject({ cpus: 16, load: [0.42, 0.4, 0.38] })
    expect(await read('node_services', { node: 'pve1' })).toMatchObject({ total: 3 })
    expect(await read('node_journal', { node: 'pve1', grep: 'Out of memory' })).toMatchObject({
      total: 1,
      items: [expect.not.stringContaining('\u001b')],
    })
    expect(await read('node_disks', { node: 'pve1' })).toMatchObject({
      items: [{ device: '/dev/sda', health: 'FAILED' }, { device: '/dev/nvme0n1' }],
    })
    expect(await read('guest_get', { guest: 101 })).toMatchObject({ status: 'stopped', config: { onboot: true } })
    expect(await read('guest_get', { guest: 101 })).not.toHaveProperty('lock')
    expect(await read('guest_metrics', { guest: 150 })).toMatchObject({ total: 20 })
    expect(await read('guest_agent_info', { guest: 100 })).toMatchObject({
      answers: true,
      agent: '10.1.0',
      items: [{ addresses: ['198.51.100.10'] }],
    })
    expect(await read('guest_agent_info', { guest: 250 })).toMatchObject({ items: [{ interface: 'eth0' }] })
    expect(await read('snapshots_list', { guest: 100 })).toMatchObject({
      items: [{ name: 'before-upgrade', age_hours: expect.any(Number) }],
    })
    expect(await read('storage_list', { node: 'pve1' })).toMatchObject({ total: 5 })
    expect(await read('storage_content', { storage: 'vault' })).toMatchObject({ items: [{ guest: 100 }] })
    expect(await read('backups_list')).toMatchObject({
      items: [{ guest: 100 }],
      without_backup: expect.arrayContaining([101, 200]),
    })
    expect(await read('firewall_rules')).toMatchObject({ total: 2 })
    expect(await read('firewall_rules', { guest: 150 })).toMatchObject({ total: 1 })
    expect(await read('permissions')).toMatchObject({ missing: [] })
  })

  test('a guest is found wherever it is, and one that is nowhere is said so', async () => {
    expect(await read('guest_get', { guest: 102 })).toMatchObject({ node: 'pve2', status: 'paused', kind: 'qemu' })
    cluster.setGuest(102, { node: 'pve3' })
    expect(await read('guest_get', { guest: 102 })).toMatchObject({ node: 'pve3' })
    cluster.setGuest(102, { node: 'pve2' })
    expect(failure(await read('guest_get', { guest: 9999 }))).toMatchObject({
      code: 'not_found',
      message: expect.stringContaining('Guest 9999 not found on any node'),
    })
  })

  test('a node that is down is said to be, and the rest goes on', async () => {
    cluster.setNode('pve2', false)
    const down = failure(await read('guest_get', { guest: 102 }))
    expect(down).toMatchObject({ code: 'unreachable', message: expect.stringContaining('Node pve2 cannot be reached') })
    expect(await read('cluster_status')).toMatchObject({
      nodes: [{ online: true }, { name: 'pve2', online: false }, {}],
    })
    expect(await read('tasks_list', { guest: 150 })).toMatchObject({ not_asked: ['pve2'] })
    expect(failure(await read('guest_migrate', { guest: 150, target: 'pve2' })).message).toContain('pve2 is offline')
  })

  test('a task that fails is told with the end of its log, and its warnings are passed on', async () => {
    cluster.nextTask({ match: /^qmstart 101$/, how: 'fail', message: 'start failed: volume is missing' })
    const failed = failure(await change('guest_start', { guest: 101 }))
    expect(failed).toMatchObject({
      code: 'refused',
      message: expect.stringContaining('start failed: volume is missing'),
    })
    expect(failed.message).toContain('TASK ERROR')
    cluster.nextTask({ match: /^qmstart 101$/, how: 'warn', message: 'bridge has no link' })
    expect(await change('guest_start', { guest: 101 })).toMatchObject({
      warnings: expect.arrayContaining([expect.stringContaining('bridge has no link')]),
    })
  })

  test('a task whose address was lost is found in the list; one that vanished is left to the probe', async () => {
    cluster.nextTask({ match: /^qmreset 150$/, how: 'lose' })
    expect(await change('guest_reset', { guest: 150 })).toMatchObject({
      dry_run: false,
      summary: expect.stringContaining('Task: OK'),
    })
    cluster.nextTask({ match: /^qmreset 150$/, how: 'vanish' })
    expect(failure(await change('guest_reset', { guest: 150 }))).toMatchObject({
      code: 'unreachable',
      message: expect.stringContaining('vanished'),
    })
  })

  test('a node that drops out in the middle is waited for', async () => {
    cluster.nextTask({ match: /^qmreset 150$/, how: 'slow', ms: 300 })
    const call = change('guest_reset', { guest: 150 })
    await cluster.waitUntil(() => cluster.tasks()[0]?.type === 'qmreset' && cluster.tasks()[0]?.exit === undefined)
    cluster.setNode('pve1', false)
    await cluster.waitUntil(() => cluster.tasks()[0]?.exit !== undefined)
    cluster.setNode('pve1', true)
    expect(await call).toMatchObject({ dry_run: false })
  })

  test('a guest that hangs: its shutdown fails in time, a snapshot and a reset mend it', async () => {
    cluster.hangGuest(150)
    const shutdown = failure(await change('guest_shutdown', { guest: 150, timeout_seconds: 10 }))
    expect(shutdown.message).toContain('got timeout')
    const name = `hung-${transport}`
    expect(await change('snapshot_create', { guest: 150, name })).toMatchObject({ dry_run: false })
    expect(await change('guest_reset', { guest: 150 })).toMatchObject({ dry_run: false })
    expect(cluster.guest(150)).toMatchObject({ running: true, hung: false })
    expect(await change('snapshot_delete', { guest: 150, name })).toMatchObject({ dry_run: false })
  })

  test('a container moves by a restart, a machine while it runs', async () => {
    expect(await change('guest_migrate', { guest: 250, target: 'pve3' })).toMatchObject({
      warnings: [expect.stringContaining('shut down, moved and started')],
    })
    expect(cluster.guest(250).node).toBe('pve3')
    expect(await change('guest_migrate', { guest: 250, target: 'pve1' })).toMatchObject({ dry_run: false })
    expect(cluster.changes().findLast(({ call }) => call.includes('lxc/250/migrate'))?.params).toEqual({
      target: 'pve1',
      restart: '1',
    })
    expect(await change('guest_migrate', { guest: 150, target: 'pve3' })).toMatchObject({ dry_run: false })
    await change('guest_migrate', { guest: 150, target: 'pve1' })
    const { params } = cluster.changes().findLast(({ call }) => call.includes('qemu/150/migrate')) ?? {}
    expect(params).toEqual({ target: 'pve1', online: '1', 'with-local-disks': '1' })
  })

  test('the guest that changed since the dry run is refused', async () => {
    const wanted = { guest: 150, tags: ['a'] }
    const { precondition } = await read('guest_config_set', wanted)
    await change('guest_config_set', { guest: 150, tags: [`b-${transport}`] })
    expect(failure(await change('guest_config_set', { ...wanted, precondition }))).toMatchObject({
      code: 'conflict',
      message: expect.stringContaining(`b-${transport}`),
    })
  })

  test('every change is refused by a grant that is not for it', async () => {
    const args = { guest: 150, dry_run: false }
    const before = cluster.changes().length
    const right = { tool: 'guest_reset', arguments: args, audience: server.audience }
    const codes = await Promise.all(
      [
        { ...right, tool: 'guest_stop' },
        { ...right, arguments: { guest: 100, dry_run: false } },
        { ...right, audience: 'another' },
        { ...right, iat: Date.now() - 60_000, exp: Date.now() - 1 },
      ].map(async (parts) => {
        const meta = { 'watchkeeper/grant': server.signer.grant(parts) }
        return failure((await server.call('guest_reset', args, meta)).structuredContent).code
      }),
    )
    expect(codes).toEqual(['grant_mismatch', 'grant_mismatch', 'grant_mismatch', 'grant_expired'])
    expect(cluster.changes()).toHaveLength(before)
  })

  test('a cancelled call frees its connection', async () => {
    cluster.hang({ match: /^GET \/nodes\/pve1\/status$/ })
    const stop = new AbortController()
    const call = server.client.callTool({ name: 'node_status', arguments: { node: 'pve1' } }, undefined, {
      signal: stop.signal,
    })
    const cancelled = expect(call).rejects.toThrow()
    await expect.poll(() => cluster.held()).toEqual(['GET /nodes/pve1/status'])
    stop.abort()
    await cancelled
    await expect.poll(() => cluster.held()).toEqual([])
    expect(await read('node_status', { node: 'pve1' })).toMatchObject({ cpus: 16 })
  })

  test('task_get waits for the end and shows the end of the log', async () => {
    cluster.nextTask({ match: /^qmreset 150$/, how: 'slow', ms: 250 })
    const call = change('guest_reset', { guest: 150 })
    await cluster.waitUntil(() => cluster.tasks()[0]?.exit === undefined)
    const upid = cluster.tasks()[0]?.upid ?? ''
    expect(await read('task_get', { upid })).toMatchObject({ status: 'running' })
    expect(await read('task_get', { upid, wait_seconds: 10, tail: 1 })).toMatchObject({
      status: 'OK',
      ok: true,
      log: ['TASK OK'],
      total: 3,
      truncated: true,
    })
    await call
  })
})

describe('secrets', () => {
  test('nothing that is planted is ever shown, by any tool that reads', async () => {
    const server = await startServer(cluster, 'stdio')
    const guests = [100, 101, 102, 110, 120, 200, 150]
    const seen: string[] = []
    const look = async (tool: string, args: Record<string, unknown> = {}) => {
      const answer = await server.call(tool, args)
      seen.push(JSON.stringify(answer))
      return answer.structuredContent
    }
    const restart = { guest: 150, dry_run: false }
    await server.call('guest_reset', restart, server.granted('guest_reset', restart))
    for (const guest of guests)
      for (const tool of [
        'guest_get',
        'guest_metrics',
        'guest_agent_info',
        'snapshots_list',
        'firewall_rules',
        'backups_list',
        'tasks_list',
      ])
        await look(tool, { guest })
    for (const node of ['pve1', 'pve2'])
      for (const tool of ['node_status', 'node_services', 'node_journal', 'node_disks', 'storage_list', 'tasks_list'])
        await look(tool, { node })
    for (const tool of [
      'clusters_list',
      'cluster_status',
      'resources',
      'storage_list',
      'backups_list',
      'firewall_rules',
      'permissions',
    ])
      await look(tool)
    await look('storage_content', { storage: 'vault' })
    await look('storage_content', { storage: 'local', node: 'pve1' })
    const { items } = await look('tasks_list')
    for (const { upid } of items as { upid: string }[]) await look('task_get', { upid })
    for (const tool of ['guest_config_set', 'guest_stop'])
      await look(tool, { guest: 100, ...(tool === 'guest_config_set' ? { description: 'x' } : {}) })
    for (const role of ['reader', 'operator'] as const)
      expect(seen.join('\n')).not.toContain(cluster.token(role).secret)
    const leaked = cluster.planted().filter((planted) => seen.some((text) => text.includes(planted)))
    expect(leaked).toEqual([])
    expect(cluster.planted().length).toBeGreaterThan(10)
    expect(cluster.planted().filter((planted) => server.stderr().includes(planted))).toEqual([])
    await server.stop()
  })
})

describe('credentials', () => {
  test('a token without VM.PowerMgmt gets an error that names it, and so does permissions', async () => {
    const server = await startServer(cluster, 'stdio', { operator: 'powerless' })
    const args = { guest: 150, dry_run: false }
    const { structuredContent } = await server.call('guest_shutdown', args, server.granted('guest_shutdown', args))
    expect(structuredContent).toMatchObject({
      error: {
        code: 'forbidden',
        message: expect.stringMatching(/watchkeeper@pve!powerless lacks VM\.PowerMgmt on \/vms\/150/),
      },
    })
    expect((await server.call('permissions', {})).structuredContent).toMatchObject({
      missing: [expect.stringContaining('the operator lacks VM.PowerMgmt')],
    })
    await server.stop()
  })

  test('a certificate with another fingerprint is refused before the token is sent', async () => {
    const other = await startProxmox()
    const server = await startServer(cluster, 'http', { env: { PROXMOX_FINGERPRINT: other.fingerprint } })
    const { structuredContent } = await server.call('node_status', { node: 'pve1' })
    expect(structuredContent).toMatchObject({
      error: {
        code: 'unreachable',
        message: expect.stringMatching(/fingerprint .*not the configured one: nothing was sent/),
      },
    })
    await Promise.all([server.stop(), other.stop()])
  })

  test('a certificate of another authority is refused, and a token with a wrong secret is said to be', async () => {
    const other = await startProxmox()
    const strange = await startServer(cluster, 'stdio', { env: { PROXMOX_URL: other.url } })
    expect((await strange.call('node_status', { node: 'pve1' })).structuredContent).toMatchObject({
      error: { code: 'unreachable', message: expect.stringContaining('certificate was not accepted') },
    })
    const wrong = await startServer(cluster, 'stdio', { env: { PROXMOX_OPERATOR_TOKEN_SECRET: 'no' } })
    const args = { guest: 150, dry_run: false }
    const answer = await wrong.call('guest_reset', args, wrong.granted('guest_reset', args))
    expect(answer.structuredContent).toMatchObject({
      error: { code: 'forbidden', message: expect.stringContaining('invalid token value') },
    })
    await Promise.all([strange.stop(), wrong.stop(), other.stop()])
  })
})
