import { grantSigner } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type SimulatedCluster, startKubernetes } from '../../../test/simulators/kubernetes/cluster.ts'
import { type Started, startServer } from './start-server.ts'

let cluster: SimulatedCluster
let serial = 0

beforeAll(async () => {
  cluster = await startKubernetes({ rolloutMs: 50, backOffMs: 200 })
})
afterAll(() => cluster.stop())

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let server: Started
  /** A workload of its own for each test. */
  let name: string
  let cart: { namespace: string; workload: string }

  beforeAll(async () => {
    server = await startServer(cluster, transport)
  })
  afterAll(() => server.stop())
  beforeEach(() => {
    serial += 1
    name = `cart-${serial}`
    cart = { namespace: 'shop', workload: `deployment/${name}` }
    cluster.addWorkload({ namespace: 'shop', name, replicas: 2 })
  })

  const changesOf = () => cluster.changes().filter((change) => JSON.stringify(change).includes(`"${name}"`)).length

  test('every tool and the probe are listed', async () => {
    const { tools } = await server.client.listTools()
    expect(tools).toHaveLength(27)
    expect(tools.at(-1)?.name).toBe('probe_effect')
  })

  test('the reading tools read', async () => {
    const pods = await server.call('list', { kind: 'pods', namespace: 'shop', label_selector: `app=${name}` })
    expect(pods.structuredContent).toMatchObject({
      total: 2,
      items: [{ namespace: 'shop', columns: { status: 'Running', ready: '1/1' } }, {}],
    })
    const [first] = pods.structuredContent.items as { name: string }[]
    const pod = { namespace: 'shop', name: first?.name ?? '' }
    expect((await server.call('cluster_overview', {})).structuredContent).toMatchObject({ nodes_ready: 3 })
    expect((await server.call('get', { kind: 'Pod', ...pod })).structuredContent).toMatchObject({
      object: { kind: 'Pod' },
    })
    const described = await server.call('describe', { kind: 'Pod', ...pod })
    expect(described.structuredContent).toMatchObject({ workload: cart.workload, limit: 268435456 })
    expect((await server.call('rollout_status', cart)).structuredContent).toMatchObject({
      available: true,
      ready: 2,
      restarts_since: 0,
    })
    const logs = await server.call('logs', { ...cart, tail: 2 })
    expect(logs.structuredContent).toMatchObject({ items: [{ lines: [expect.any(String), expect.any(String)] }, {}] })
    const events = await server.call('events', { namespace: 'shop', for: `pod/${pod.name}` })
    expect(events.structuredContent).not.toHaveProperty('error')
  })

  test('a pod killed for memory is seen as such, and mended by more of it', async () => {
    cluster.breakWorkload(`shop/${name}`, 'oom', { needs: '384Mi' })
    const pods = await server.call('list', { kind: 'pods', namespace: 'shop', label_selector: `app=${name}` })
    const [first] = pods.structuredContent.items as { name: string }[]
    const described = (await server.call('describe', { kind: 'Pod', namespace: 'shop', name: first?.name }))
      .structuredContent
    expect(described).toMatchObject({
      limit: 268435456,
      containers: [{ last_reason: 'OOMKilled', last_exit_code: 137 }],
    })
    expect((await server.call('rollout_status', cart)).structuredContent).toMatchObject({ available: false })

    const wanted = { ...cart, memory: Number(described.limit) * 1.5 }
    const dry = (await server.call('set_resources', wanted)).structuredContent
    expect(dry).toMatchObject({
      dry_run: true,
      diff: [{ field: `${name}.limits.memory`, from: '256Mi', to: '384Mi' }],
    })
    const real = { ...wanted, dry_run: false, precondition: dry.precondition }
    const done = await server.call('set_resources', real, server.granted('set_resources', real))
    expect(done.structuredContent).toMatchObject({ dry_run: false, diff: dry.diff })
    await expect
      .poll(async () => (await server.call('rollout_status', cart)).structuredContent, { timeout: 10_000 })
      .toMatchObject({ available: true, restarts_since: 0 })
  })

  test('a change is refused without a grant, with a wrong one, and the second time', async () => {
    const args = { ...cart, dry_run: false }
    const tool = 'rollout_restart'
    const { audience, signer } = server
    const right = { tool, arguments: args, audience }
    const refused = async (meta?: Record<string, unknown>) => {
      const { structuredContent } = await server.call(tool, args, meta)
      return (structuredContent.error as { code: string } | undefined)?.code ?? 'done'
    }
    const grant = (text: string) => ({ 'watchkeeper/grant': text })
    expect(await refused()).toBe('grant_missing')
    expect(await refused(grant(grantSigner().grant(right)))).toBe('grant_invalid')
    expect(await refused(grant(signer.grant({ ...right, audience: 'other' })))).toBe('grant_mismatch')
    expect(await refused(grant(signer.grant({ ...right, tool: 'scale' })))).toBe('grant_mismatch')
    expect(await refused(grant(signer.grant({ ...right, arguments: { ...args, workload: 'deployment/db' } })))).toBe(
      'grant_mismatch',
    )
    expect(await refused(grant(signer.grant({ ...right, iat: Date.now() - 60_000, exp: Date.now() - 1 })))).toBe(
      'grant_expired',
    )
    expect(changesOf()).toBe(0)
    const once = grant(signer.grant(right))
    expect(await refused(once)).toBe('done')
    expect(await refused(once)).toBe('grant_replayed')
    expect(cluster.restarts(`shop/${name}`)).toBe(1)
    await expect.poll(server.stderr).toContain('"code":"grant_replayed"')
  })

  test('a dry run changes nothing', async () => {
    await server.call('rollout_restart', cart)
    await server.call('scale', { ...cart, replicas: 0 })
    await server.call('set_resources', { ...cart, memory: '1Gi' })
    expect(changesOf()).toBe(0)
  })

  test('the object that changed since the dry run is refused', async () => {
    const wanted = { ...cart, replicas: 3 }
    const { precondition } = (await server.call('scale', wanted)).structuredContent
    const other = { ...cart, replicas: 5, dry_run: false }
    await server.call('scale', other, server.granted('scale', other))
    const real = { ...wanted, dry_run: false, precondition }
    const answer = await server.call('scale', real, server.granted('scale', real))
    expect(answer.structuredContent).toMatchObject({
      error: { code: 'conflict', message: expect.stringContaining('replicas is 5') },
    })
  })

  test('after a lost answer the probe tells done from not done', async () => {
    const args = { ...cart, dry_run: false }
    const effect = crypto.randomUUID()
    const probe = async () => {
      const sent = { tool: 'rollout_restart', arguments: args, effect }
      return (await server.call('probe_effect', sent)).structuredContent.state
    }
    expect(await probe()).toBe('not_done')
    cluster.dropAnswer({ match: new RegExp(`^PATCH .*/${name}\\b`) })
    const answer = await server.call('rollout_restart', args, server.granted('rollout_restart', args, effect))
    expect(answer.structuredContent).toMatchObject({ error: { code: 'unreachable' } })
    expect(await probe()).toBe('done')
    expect(cluster.restarts(`shop/${name}`)).toBe(1)
  })

  test('a vendor call ends with its grant', async () => {
    const args = { ...cart, dry_run: false }
    cluster.hang({ match: new RegExp(`^PATCH .*/${name}\\b`) })
    const text = server.signer.grant({
      tool: 'rollout_restart',
      arguments: args,
      audience: server.audience,
      exp: Date.now() + 400,
    })
    const answer = await server.call('rollout_restart', args, { 'watchkeeper/grant': text })
    expect(answer.structuredContent).toMatchObject({ error: { code: 'timeout', retryable: true } })
  })

  test('a cancelled call frees its connection to the API server', async () => {
    cluster.hang({ match: new RegExp(`^GET .*/deployments/${name}$`) })
    const held = () => cluster.held().filter((call) => call.endsWith(`/${name}`))
    const stop = new AbortController()
    const call = server.client.callTool({ name: 'rollout_status', arguments: cart }, undefined, { signal: stop.signal })
    const cancelled = expect(call).rejects.toThrow()
    await expect.poll(held).toHaveLength(1)
    stop.abort()
    await cancelled
    await expect.poll(held).toEqual([])
    expect((await server.call('rollout_status', cart)).structuredContent).toMatchObject({ available: true })
  })
})
