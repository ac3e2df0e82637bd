import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatedCluster, startKubernetes } from '../../../test/simulators/kubernetes/cluster.ts'
import { tools } from '../src/tools/index.ts'
import { type Stage, stageOf } from './stage.ts'
import { type Started, startServer } from './start-server.ts'

let cluster: SimulatedCluster
let stage: Stage
let server: Started

beforeAll(async () => {
  cluster = await startKubernetes({ rolloutMs: 50, backOffMs: 60_000 })
  stage = stageOf(cluster)
  // With every right to read: what stays hidden is hidden by masking alone.
  server = await startServer(cluster, 'http', [], { reader: 'admin' })
})
afterAll(async () => {
  await server.stop()
  await stage.close()
  await cluster.stop()
})

type Args = Record<string, unknown>
type Item = { namespace: string; name: string }

const KINDS = ['Secret', 'ConfigMap', 'Pod', 'Deployment', 'ReplicaSet', 'CronJob', 'Certificate', 'Event'] as const

/** Every call that could show something of the namespace in which the secrets are. */
async function everyRead(): Promise<[string, Args][]> {
  const calls: [string, Args][] = [
    ['clusters_list', {}],
    ['cluster_overview', {}],
    ['api_resources', {}],
    ['can_i', {}],
    ['top', { of: 'pods' }],
    ['events', { namespace: 'vault' }],
    ['logs', { namespace: 'vault', workload: 'deployment/keeper' }],
    ['rollout_status', { namespace: 'vault', workload: 'deployment/keeper' }],
    ['rollout_history', { namespace: 'vault', workload: 'deployment/keeper' }],
  ]
  for (const kind of KINDS) {
    const args = { kind, namespace: 'vault' }
    calls.push(['list', args])
    const { items } = (await server.call('list', args)).structuredContent as { items: Item[] }
    expect(items.length, kind).toBeGreaterThan(0)
    // An Event's name may have the shape of a join token, and is masked as one.
    const named = items.filter(({ name }) => name !== '[masked]')
    for (const { name } of named) calls.push(['get', { ...args, name }], ['describe', { ...args, name }])
  }
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: keeper-config\ndata:\n  LOG_LEVEL: debug\n'
  calls.push(['diff', { kind: 'ConfigMap', namespace: 'vault', name: 'keeper-config', manifest }])
  calls.push(['get', { kind: 'ConfigMap', namespace: 'vault', name: 'keeper-config', fields: ['data'] }])
  return calls
}

function forms(planted: string): string[] {
  return [planted, Buffer.from(planted).toString('base64')]
}

test('nothing that is planted as a secret comes out of any read tool', async () => {
  const calls = await everyRead()
  const used = new Set(calls.map(([tool]) => tool))
  expect(
    tools
      .filter(({ change }) => !change)
      .map(({ name }) => name)
      .sort(),
  ).toEqual([...used].sort())
  const answers = await Promise.all(
    calls.map(async ([tool, args]) => ({ tool, args, answer: await server.call(tool, args) })),
  )
  for (const { tool, args, answer } of answers)
    expect(answer.structuredContent, `${tool} ${JSON.stringify(args)}`).not.toHaveProperty('error')
  const seen = answers.map(({ tool, args, answer }) => ({
    call: `${tool} ${JSON.stringify(args)}`,
    text: JSON.stringify(answer),
  }))
  expect(seen.filter(({ text }) => text.includes('[masked]')).length).toBeGreaterThan(5)
  for (const planted of cluster.planted().flatMap(forms))
    expect(
      seen.filter(({ text }) => text.includes(planted)).map(({ call }) => call),
      planted,
    ).toEqual([])
})

test('wherever the window of a log is cut, nothing that is planted in it comes out', async () => {
  const [pod] = (await stage.get('/api/v1/namespaces/vault/pods')).body.items
  const whole = (await stage.get(`/api/v1/namespaces/vault/pods/${pod?.metadata.name}/log`)).body
  const lines = String(whole).trim().split('\n').length
  expect(lines).toBeGreaterThan(5)
  for (let tail = 1; tail <= lines; tail += 1) {
    const { structuredContent } = await server.call('logs', { namespace: 'vault', workload: 'deployment/keeper', tail })
    expect(structuredContent).not.toHaveProperty('error')
    const shown = JSON.stringify(structuredContent)
    expect(
      cluster.planted().filter((planted) => shown.includes(planted)),
      `tail ${tail}`,
    ).toEqual([])
  }
})

test('the control: without the server the same reads show every one of them', async () => {
  const paths = ['secrets', 'configmaps', 'pods', 'events'].map((plural) => `/api/v1/namespaces/vault/${plural}`)
  const others = ['apps/v1/namespaces/vault/deployments', 'batch/v1/namespaces/vault/cronjobs']
  const all = [
    ...paths,
    ...others.map((path) => `/apis/${path}`),
    '/apis/cert-manager.io/v1/namespaces/vault/certificates',
  ]
  const [pod] = (await stage.get('/api/v1/namespaces/vault/pods')).body.items
  const log = `/api/v1/namespaces/vault/pods/${pod?.metadata.name}/log`
  const texts = await Promise.all(
    [...all, log].map(async (path) => String(JSON.stringify((await stage.get(path)).body))),
  )
  const shown = cluster
    .planted()
    .filter((planted) => texts.some((text) => forms(planted).some((form) => text.includes(form))))
  // The registry's token is base64 within base64.
  expect(cluster.planted().length - shown.length).toBeLessThanOrEqual(1)
})

test('a rehearsed change masks what it touches, and says that a hidden value changes', async () => {
  const manifest = [
    'apiVersion: v1',
    'kind: ConfigMap',
    'metadata: { name: keeper-config }',
    'data:',
    '  LOG_LEVEL: debug',
    '  keeper.yaml: |',
    '    listen: ":8080"',
    '    database:',
    '      user: keeper',
    '      password: planted-new-password',
  ].join('\n')
  const args = { kind: 'ConfigMap', namespace: 'vault', name: 'keeper-config', manifest }
  const { structuredContent } = await server.call('apply', args)
  expect(structuredContent.diff).toEqual([
    { field: 'data.keeper.yaml', from: expect.stringContaining('[masked]'), to: expect.stringContaining('(changed)') },
    { field: 'data.LOG_LEVEL', from: 'info', to: 'debug' },
  ])
  expect(JSON.stringify(structuredContent)).not.toMatch(/planted-(new|config)-password/)
})
