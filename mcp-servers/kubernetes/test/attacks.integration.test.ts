import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { grantSigner } from '@watchkeeper/mcp-shared/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type SimulatedCluster, startKubernetes } from '../../../test/simulators/kubernetes/cluster.ts'
import { tools } from '../src/tools/index.ts'
import { type Started, startServer } from './start-server.ts'

let cluster: SimulatedCluster
let cabin: SimulatedCluster
const oracle = join(mkdtempSync(join(tmpdir(), 'oracle-')), 'calls.jsonl')

beforeAll(async () => {
  cluster = await startKubernetes({ oracle, rolloutMs: 50, backOffMs: 60_000 })
  cabin = await startKubernetes({ clusterName: 'cabin', rolloutMs: 50, backOffMs: 60_000 })
  cluster.addWorkload({ namespace: 'shop', name: 'cart', replicas: 2 })
  cabin.addWorkload({ namespace: 'shop', name: 'cart', replicas: 5 })
})
afterAll(() => Promise.all([cluster.stop(), cabin.stop()]))

const calls = () => readFileSync(oracle, 'utf8').split('\n').filter(Boolean).length
const cart = { namespace: 'shop', workload: 'deployment/cart' }

type Args = Record<string, unknown>

/** Arguments that each tool accepts but for one, which is hostile. */
const HOSTILE_AT: Readonly<Record<string, (evil: string) => Args[]>> = {
  api_resources: () => [],
  can_i: (evil) => [{ verb: evil, kind: 'Pod' }, { verb: 'get', kind: evil }, { namespace: evil }],
  clusters_list: (evil) => [{ cluster: evil }],
  cluster_overview: (evil) => [{ cluster: evil }],
  list: (evil) => [{ kind: evil }, { kind: 'Pod', namespace: evil }],
  get: (evil) => [
    { kind: 'Pod', namespace: 'shop', name: evil },
    { kind: evil, name: 'x' },
  ],
  describe: (evil) => [{ kind: 'Pod', namespace: 'shop', name: evil }],
  events: (evil) => [{ namespace: evil }, { for: evil }],
  logs: (evil) => [
    { namespace: 'shop', pod: evil },
    { namespace: 'shop', pod: 'x', container: evil },
  ],
  top: (evil) => [{ of: 'pods', namespace: evil }, { of: evil }],
  rollout_status: (evil) => [
    { ...cart, workload: evil },
    { ...cart, workload: `deployment/${evil}` },
  ],
  rollout_history: (evil) => [{ ...cart, workload: `deployment/${evil}` }],
  diff: (evil) => [{ kind: 'ConfigMap', namespace: 'shop', name: evil, manifest: '{}' }],
  rollout_restart: (evil) => [{ ...cart, namespace: evil }],
  set_resources: (evil) => [{ ...cart, container: evil, memory: '1Gi' }],
  set_image: (evil) => [
    { ...cart, image: evil },
    { ...cart, container: evil, image: 'x:1' },
  ],
  scale: (evil) => [{ ...cart, workload: `deployment/${evil}`, replicas: 1 }],
  cordon: (evil) => [{ name: evil }],
  uncordon: (evil) => [{ name: evil }],
  label_annotate: (evil) => [
    { kind: 'Pod', namespace: 'shop', name: evil, labels: ['a=b'] },
    { kind: 'Pod', namespace: 'shop', name: 'x', labels: [evil] },
  ],
  create_job_from_cronjob: (evil) => [{ namespace: 'shop', name: evil }],
  rollout_undo: (evil) => [{ ...cart, workload: `deployment/${evil}` }],
  apply: (evil) => [{ kind: 'ConfigMap', namespace: evil, name: 'x', manifest: '{}' }],
  delete: (evil) => [
    { kind: 'Pod', namespace: 'shop', name: evil },
    { kind: evil, namespace: 'shop', name: 'x' },
  ],
  evict_pod: (evil) => [{ namespace: 'shop', pod: evil }],
  drain: (evil) => [{ name: evil }],
}

const HOSTILE = [
  '--server=https://evil.example',
  '-o',
  '$(id)',
  '`id`',
  '../secrets/db',
  '..',
  'a\nb',
  'a b;c',
  'a?b=c',
  'ünïcode',
  '',
]

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let server: Started

  beforeAll(async () => {
    server = await startServer(cluster, transport)
  })
  afterAll(() => server.stop())

  test('A8: names that look like flags, paths or commands are refused by schema, and nothing goes out', async () => {
    expect(Object.keys(HOSTILE_AT).sort()).toEqual(tools.map(({ name }) => name).sort())
    const before = calls()
    let tried = 0
    for (const [tool, wrong] of Object.entries(HOSTILE_AT))
      for (const evil of HOSTILE)
        for (const args of wrong(evil)) {
          tried += 1
          const { structuredContent } = await server.call(tool, args)
          expect(structuredContent, `${tool} ${JSON.stringify(args)}`).toMatchObject({ error: { code: 'invalid' } })
        }
    expect(tried).toBeGreaterThan(300)
    expect(calls()).toBe(before)
  })

  test.each(['reader', 'operator'] as const)('A9: what the %s may do equals the golden file', async (credential) => {
    const golden = (role: string) =>
      readFileSync(new URL(`golden/${role}.txt`, import.meta.url), 'utf8')
        .trim()
        .split('\n')
    const everybody = [
      'create selfsubjectaccessreviews.authorization.k8s.io',
      'create selfsubjectreviews.authentication.k8s.io',
      'create selfsubjectrulesreviews.authorization.k8s.io',
    ]
    const own = credential === 'reader' ? golden('reader') : [...golden('reader'), ...golden('operator')]
    const { items } = (await server.call('can_i', { credential })).structuredContent
    expect(items).toEqual([...new Set([...own, ...everybody])].sort())
    const asked = async (verb: string, kind: string, subresource?: string) => {
      const args = { credential, verb, kind, ...(subresource ? { subresource } : {}) }
      return (await server.call('can_i', args)).structuredContent.allowed
    }
    expect(await asked('get', 'pods')).toBe(true)
    expect(await asked('get', 'secrets')).toBe(false)
    expect(await asked('create', 'pods', 'exec')).toBe(false)
    expect(await asked('patch', 'deployments')).toBe(credential === 'operator')
  })

  test('A9: Secrets stay unread whatever read tool asks for them', async () => {
    const where = { kind: 'Secret', namespace: 'vault', name: 'keeper-database' }
    for (const [tool, args] of [
      ['list', { kind: 'secrets' }],
      ['get', where],
      ['describe', where],
    ] as const) {
      const { structuredContent } = await server.call(tool, args)
      expect(structuredContent, tool).toMatchObject({
        error: { code: 'forbidden', message: expect.stringMatching(/may not (get|list) secrets/) },
      })
    }
  })

  test('A10: every dangerous tool publishes that it is destructive and does nothing without a grant', async () => {
    const { tools: listed } = await server.client.listTools()
    const destructive = listed.filter(({ annotations }) => annotations?.destructiveHint).map(({ name }) => name)
    expect(destructive).toEqual(['scale', 'rollout_undo', 'apply', 'delete', 'evict_pod', 'drain'])
    const precondition = { uid: 'x', values: `sha256:${'0'.repeat(64)}` }
    const changes = cluster.changes().length
    const name = 'talos-worker-1'
    for (const [tool, args] of Object.entries({
      scale: { ...cart, replicas: 0 },
      rollout_undo: cart,
      apply: { kind: 'ConfigMap', namespace: 'shop', name: 'x', manifest: '{}' },
      delete: { kind: 'Pod', namespace: 'shop', name: 'x', precondition },
      evict_pod: { namespace: 'shop', pod: 'x', precondition },
      drain: { name },
    }))
      expect((await server.call(tool, { ...args, dry_run: false })).structuredContent, tool).toMatchObject({
        error: { code: 'grant_missing' },
      })
    expect(cluster.changes()).toHaveLength(changes)
  })

  test('A23: grants replayed, expired, forged, for other arguments, tools or servers are refused and recorded', async () => {
    const tool = 'set_image'
    const args = { ...cart, image: 'ghcr.io/example/cart:3.0.0', dry_run: false }
    const { audience, signer } = server
    const right = { tool, arguments: args, audience }
    const code = async (text: string) => {
      const { structuredContent } = await server.call(tool, args, { 'watchkeeper/grant': text })
      return (structuredContent.error as { code: string } | undefined)?.code ?? 'done'
    }
    const changes = () => cluster.changes().length
    const before = changes()
    const [payload = '', signature = ''] = signer.grant(right).split('.')
    const edited = Buffer.from(payload, 'base64url').toString().replace('alice', 'mallory')
    expect(await code(grantSigner().grant(right))).toBe('grant_invalid')
    expect(await code(`${Buffer.from(edited).toString('base64url')}.${signature}`)).toBe('grant_invalid')
    expect(await code(`${payload}.`)).toBe('grant_invalid')
    expect(await code(signer.grant({ ...right, exp: Date.now() + 600_000 }))).toBe('grant_invalid')
    expect(await code(signer.grant({ ...right, audience: crypto.randomUUID() }))).toBe('grant_mismatch')
    expect(await code(signer.grant({ ...right, tool: 'rollout_restart' }))).toBe('grant_mismatch')
    expect(await code(signer.grant({ ...right, arguments: { ...args, image: 'evil:1' } }))).toBe('grant_mismatch')
    expect(await code(signer.grant({ ...right, iat: Date.now() - 90_000, exp: Date.now() - 1 }))).toBe('grant_expired')
    expect(changes()).toBe(before)
    const once = signer.grant(right)
    expect(await code(once)).toBe('done')
    expect(await code(once)).toBe('grant_replayed')
    const recorded = () =>
      server
        .stderr()
        .split('\n')
        .filter((line) => line.includes('"audit":"change"') && line.includes(`"tool":"${tool}"`)).length
    await expect.poll(recorded).toBe(10)
  })
})

test('two clusters are kept apart: by name, by credential, and in what a grant covers', async () => {
  const server = await startServer(cluster, 'stdio', ['--context', 'homelab', 'cabin'], { others: [cabin] })
  const ask = async (tool: string, args: Args, meta?: Record<string, unknown>) =>
    (await server.call(tool, args, meta)).structuredContent
  expect(await ask('clusters_list', {})).toMatchObject({
    items: [
      { name: 'homelab', default: true, reachable: true, version: 'v1.33.6' },
      { name: 'cabin', default: false, reachable: true },
    ],
  })
  expect(await ask('rollout_status', cart)).toMatchObject({ desired: 2 })
  expect(await ask('rollout_status', { ...cart, cluster: 'cabin' })).toMatchObject({ desired: 5 })
  const args = { ...cart, cluster: 'cabin', replicas: 4, dry_run: false }
  const grant = server.granted('scale', args)
  const here = { ...args, cluster: 'homelab' }
  expect(await ask('scale', here, grant)).toMatchObject({ error: { code: 'grant_mismatch' } })
  expect(await ask('scale', args, grant)).toMatchObject({ target: { cluster: 'cabin' }, diff: [{ from: 5, to: 4 }] })
  const effect = crypto.randomUUID()
  expect(await ask('probe_effect', { tool: 'scale', arguments: args, effect })).toMatchObject({ state: 'not_done' })
  expect(cluster.changes().filter(({ verb, path }) => verb === 'patch' && path.endsWith('/scale'))).toEqual([])
  await cabin.stop()
  const { items } = await ask('clusters_list', {})
  expect(items).toMatchObject([{ reachable: true }, { reachable: false, problem: expect.stringContaining('"cabin"') }])
  await server.stop()
})
