import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatedCluster, startKubernetes } from '../../../test/simulators/kubernetes/cluster.ts'
import { type Stage, stageOf } from './stage.ts'
import { type Started, startServer } from './start-server.ts'

let cluster: SimulatedCluster
let stage: Stage
let server: Started
let serial = 0

beforeAll(async () => {
  cluster = await startKubernetes({ rolloutMs: 50, backOffMs: 60_000 })
  stage = stageOf(cluster)
  server = await startServer(cluster, 'stdio')
})
afterAll(async () => {
  await server.stop()
  await stage.close()
  await cluster.stop()
})

type Args = Record<string, unknown>

function nextName(): string {
  serial += 1
  return `thing-${serial}`
}

/** Asks for the rehearsal and for the real thing with a good grant: both must be refused, and nothing may have changed. */
async function refused(tool: string, args: Args, because: string | RegExp, code = 'refused') {
  const before = cluster.changes().length
  const dry = (await server.call(tool, args)).structuredContent
  const real = { ...args, dry_run: false, ...('precondition' in args ? {} : { precondition: anyPrecondition }) }
  const run = (await server.call(tool, real, server.granted(tool, real))).structuredContent
  expect(dry).toMatchObject({ error: { code, message: expect.stringMatching(because) } })
  expect(run).toMatchObject({ error: { code: expect.stringMatching(`^(${code}|conflict)$`) } })
  expect(cluster.changes()).toHaveLength(before)
}

const anyPrecondition = { uid: 'any', values: `sha256:${'0'.repeat(64)}` }
const configMap = (name: string, more: object = {}) =>
  JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: {}, ...more })

test('apply refuses what its kinds leave out, and a manifest of something else', async () => {
  const name = nextName()
  const at = { namespace: 'shop', name }
  const role = '{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"x"}}'
  for (const kind of ['Secret', 'ClusterRole', 'RoleBinding', 'ValidatingWebhookConfiguration', 'Namespace', 'Pod'])
    await refused('apply', { kind, ...at, manifest: role }, 'kind', 'invalid')
  await refused('apply', { kind: 'ConfigMap', ...at, manifest: role }, 'it is rbac.* ClusterRole', 'invalid')
  await refused('apply', { kind: 'ConfigMap', ...at, manifest: configMap('other') }, 'named shop/other', 'invalid')
  const elsewhere = configMap(name, { metadata: { name, namespace: 'vault' } })
  await refused('apply', { kind: 'ConfigMap', ...at, manifest: elsewhere }, 'named vault/', 'invalid')
  const owned = configMap(name, { metadata: { name, ownerReferences: [] } })
  await refused('apply', { kind: 'ConfigMap', ...at, manifest: owned }, 'not ownerReferences', 'invalid')
  await refused('apply', { kind: 'ConfigMap', ...at, manifest: 'kind: [' }, 'cannot be read', 'invalid')
})

test.each([
  ['hostNetwork', { hostNetwork: true }, {}],
  ['hostPID', { hostPID: true }, {}],
  ['hostPath', { volumes: [{ name: 'root', hostPath: { path: '/' } }] }, {}],
  ['privileged', {}, { securityContext: { privileged: true } }],
  ['capability SYS_ADMIN', {}, { securityContext: { capabilities: { add: ['SYS_ADMIN'] } } }],
])('apply refuses a pod that would gain %s', async (hazard, spec, container) => {
  const name = nextName()
  cluster.addWorkload({ namespace: 'shop', name })
  const template = { spec: { ...spec, containers: [{ name, image: 'x:1', ...container }] } }
  const manifest = JSON.stringify({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name }, spec: { template } })
  await refused('apply', { kind: 'Deployment', namespace: 'shop', name, manifest }, `would gain ${hazard}`)
})

test('apply refuses fields that another manages, naming both, and takes them over only with force', async () => {
  const name = nextName()
  const path = `/api/v1/namespaces/shop/configmaps/${name}`
  await stage.apply(path, 'argocd-controller', JSON.parse(configMap(name, { data: { level: 'info', other: 'kept' } })))
  const manifest = configMap(name, { data: { level: 'debug' } })
  const args = { kind: 'ConfigMap', namespace: 'shop', name, manifest }
  await refused('apply', args, /\.data\.level \(conflict with "argocd-controller"/, 'conflict')
  const real = { ...args, force: true, dry_run: false }
  expect((await server.call('apply', real, server.granted('apply', real))).structuredContent).toMatchObject({
    diff: [{ field: 'data.level', from: 'info', to: 'debug' }],
    warnings: [expect.stringContaining('taken over')],
  })
  expect((await stage.get(path)).body.data).toEqual({ level: 'debug', other: 'kept' })
})

test('nothing is written under the names of Pod Security, Argo CD, Flux and others', async () => {
  const name = nextName()
  cluster.addWorkload({ namespace: 'shop', name })
  for (const key of [
    'pod-security.kubernetes.io/enforce',
    'argocd.argoproj.io/tracking-id',
    'kustomize.toolkit.fluxcd.io/name',
    'helm.toolkit.fluxcd.io/name',
    'rbac.authorization.k8s.io/aggregate-to-admin',
    'node-role.kubernetes.io/control-plane',
    'watchkeeper/effects',
    'kubectl.kubernetes.io/last-applied-configuration',
    'app.kubernetes.io/instance',
  ]) {
    const at = { kind: 'Deployment', namespace: 'shop', name }
    await refused('label_annotate', { ...at, labels: [`${key}=x`] }, 'does not write it')
    await refused('label_annotate', { ...at, annotations: [`${key}-`] }, 'does not write it')
    const manifest = configMap(name, { metadata: { name, labels: { [key]: 'x' } } })
    await refused('apply', { kind: 'ConfigMap', namespace: 'shop', name, manifest }, 'does not write it')
  }
  await refused('label_annotate', { kind: 'Namespace', name: 'shop', labels: [] }, 'Say which', 'invalid')
})

test('rollout_undo refuses without an earlier revision, to the present one, and while paused', async () => {
  const name = nextName()
  cluster.addWorkload({ namespace: 'shop', name })
  const args = { namespace: 'shop', workload: `deployment/${name}` }
  await refused('rollout_undo', args, 'no revision before 1')
  await refused('rollout_undo', { ...args, to_revision: 1 }, 'at revision 1 already')
  await refused('rollout_undo', { ...args, to_revision: 7 }, 'no revision 7; it has 1')
  await stage.patch(`/apis/apps/v1/namespaces/shop/deployments/${name}`, { spec: { paused: true } })
  await refused('rollout_undo', args, 'is paused')
})

test('delete refuses other kinds, selectors, an unseen object, a static pod and a protected one', async () => {
  const name = nextName()
  for (const kind of ['Secret', 'Namespace', 'Node', 'PersistentVolumeClaim', 'ClusterRole', 'NetworkPolicy'])
    await refused('delete', { kind, namespace: 'shop', name }, 'kind', 'invalid')
  await refused(
    'delete',
    { kind: 'Pod', namespace: 'shop', name, label_selector: 'app=x' },
    'label_selector',
    'invalid',
  )
  await stage.configMap(name)
  const blind = { kind: 'ConfigMap', namespace: 'shop', name, dry_run: false }
  const answer = await server.call('delete', blind, server.granted('delete', blind))
  expect(answer.structuredContent).toMatchObject({
    error: { code: 'refused', message: expect.stringContaining('needs the precondition') },
  })
  await stage.barePod(`${name}-mirror`, { annotations: { 'kubernetes.io/config.mirror': 'abc' } })
  await refused('delete', { kind: 'Pod', namespace: 'shop', name: `${name}-mirror` }, 'mirrors a static pod')
  cluster.addWorkload({ namespace: 'shop', name, replicas: 2 })
  await stage.budget(name, name, { maxUnavailable: 0 })
  const [pod] = await stage.pods(name)
  await refused('delete', { kind: 'Pod', namespace: 'shop', name: pod?.metadata.name }, `budget ${name} needs 2`)
})

test('evict_pod refuses static pods, pods without a controller, and names the budget that forbids it', async () => {
  const name = nextName()
  await stage.barePod(`${name}-bare`)
  await refused('evict_pod', { namespace: 'shop', pod: `${name}-bare` }, 'no controller')
  await stage.barePod(`${name}-mirror`, { annotations: { 'kubernetes.io/config.mirror': 'abc' } })
  await refused('evict_pod', { namespace: 'shop', pod: `${name}-mirror` }, 'mirrors a static pod')
  cluster.addWorkload({ namespace: 'shop', name, replicas: 3 })
  await stage.budget(name, name, { minAvailable: 3 })
  const [pod] = await stage.pods(name)
  await refused(
    'evict_pod',
    { namespace: 'shop', pod: pod?.metadata.name },
    `The disruption budget ${name} needs 3 healthy pods and has 3 currently`,
  )
  await stage.removeBudget(name)
  for (const left of [`${name}-bare`, `${name}-mirror`]) await stage.removePod(left)
})

test('drain refuses to lose pods or data, and to leave pods without a node', async () => {
  const name = nextName()
  const node = 'talos-worker-1'
  for (const left of await stage.get('/api/v1/namespaces/shop/pods').then(({ body }) => body.items))
    if (!left.metadata.ownerReferences) await stage.removePod(left.metadata.name)
  await stage.barePod(name, { nodeName: node })
  await refused('drain', { name: node }, `again: shop/${name}`)
  await stage.removePod(name)
  cluster.addWorkload({ namespace: 'shop', name, replicas: 2 })
  const template = { spec: { volumes: [{ name: 'cache', emptyDir: {} }] } }
  await stage.patch(`/apis/apps/v1/namespaces/shop/deployments/${name}`, { spec: { template } })
  await expect.poll(async () => (await stage.pods(name)).length, { timeout: 5_000 }).toBe(2)
  await refused('drain', { name: node }, 'would lose their emptyDir data')
  await stage.closeNode('talos-worker-2')
  await refused('drain', { name: node, delete_empty_dir: true }, 'No other node takes pods')
  await stage.openNodes()
})

test('a CronJob that may not overlap is not run twice', async () => {
  const name = nextName()
  await stage.cronJob(name, { concurrencyPolicy: 'Forbid' })
  const path = `/apis/batch/v1/namespaces/shop/cronjobs/${name}/status`
  await stage.patch(path, { status: { active: [{ kind: 'Job', name: `${name}-1` }] } })
  await refused('create_job_from_cronjob', { namespace: 'shop', name }, `${name}-1 is running`)
})

test('who keeps an object in a repository is told wherever a change is rehearsed, with the warning that it will drift', async () => {
  const name = nextName()
  const annotations = { 'argocd.argoproj.io/tracking-id': `shop-app:apps/Deployment:shop/${name}` }
  cluster.addWorkload({ namespace: 'shop', name, replicas: 2, annotations })
  const at = { namespace: 'shop', workload: `deployment/${name}` }
  const object = { kind: 'Deployment', namespace: 'shop', name }
  const manifest = JSON.stringify({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { replicas: 3 },
  })
  const containers = [{ name, image: 'cart:new' }]
  await stage.patch(`/apis/apps/v1/namespaces/shop/deployments/${name}`, {
    spec: { template: { spec: { containers } } },
  })
  const calls: [string, Args][] = [
    ['rollout_restart', at],
    ['set_resources', { ...at, memory: '512Mi' }],
    ['set_image', { ...at, image: 'cart:newer' }],
    ['scale', { ...at, replicas: 3 }],
    ['rollout_undo', at],
    ['label_annotate', { ...object, labels: ['tier=web'] }],
    ['apply', { ...object, manifest }],
    ['delete', object],
    ['diff', { ...object, manifest }],
  ]
  for (const [tool, args] of calls) {
    const { structuredContent } = await server.call(tool, args)
    expect(structuredContent, tool).toMatchObject({ gitops: { owner: 'shop-app', by: 'Argo CD' } })
    if (tool !== 'diff')
      expect(structuredContent.warnings, tool).toContainEqual(expect.stringContaining('will take the change back'))
  }
})
