import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type SimulatedCluster, startKubernetes } from '../../../test/simulators/kubernetes/cluster.ts'
import { type Stage, stageOf } from './stage.ts'
import { type Started, startServer } from './start-server.ts'

let cluster: SimulatedCluster
let stage: Stage
let serial = 0

beforeAll(async () => {
  cluster = await startKubernetes({ rolloutMs: 50, backOffMs: 60_000 })
  stage = stageOf(cluster)
})
afterAll(async () => {
  await stage.close()
  await cluster.stop()
})

// A test that fails before its request is met must not have the next one's cut instead.
afterEach(() => cluster.clearWire())

type Args = Record<string, unknown>
type Scene = {
  tool: string
  /** Makes something of its own to change, and answers the arguments. */
  prepare: (name: string) => Promise<Args> | Args
  /** The request whose answer gets lost. */
  cut: (name: string) => RegExp
  /** What the probe finds after that; done unless the work goes on after this request. */
  found?: 'unknown'
}

function workload(name: string) {
  cluster.addWorkload({ namespace: 'shop', name, replicas: 2 })
  return { namespace: 'shop', workload: `deployment/${name}` }
}

const onWorkload = (more: Args = {}) => ({
  prepare: (name: string) => ({ ...workload(name), ...more }),
  cut: (name: string) => new RegExp(`^PATCH .*/deployments/${name}$`),
})

const onNode = {
  prepare: async () => {
    await stage.openNodes()
    return { name: 'talos-worker-2' }
  },
  cut: () => /^PATCH .*\/nodes\/talos-worker-2$/,
}

const SCENES: readonly Scene[] = [
  { tool: 'rollout_restart', ...onWorkload() },
  { tool: 'set_resources', ...onWorkload({ memory: '512Mi' }) },
  { tool: 'set_image', ...onWorkload({ image: 'ghcr.io/example/cart:2.0.0' }) },
  { tool: 'scale', ...onWorkload({ replicas: 3 }) },
  { tool: 'cordon', ...onNode },
  {
    tool: 'uncordon',
    ...onNode,
    prepare: async () => {
      await stage.closeNode('talos-worker-2')
      return { name: 'talos-worker-2' }
    },
  },
  {
    tool: 'label_annotate',
    prepare(name) {
      workload(name)
      return { kind: 'Deployment', namespace: 'shop', name, labels: ['tier=web'], annotations: ['team=home'] }
    },
    cut: (name) => new RegExp(`^PATCH .*/deployments/${name}$`),
  },
  {
    tool: 'create_job_from_cronjob',
    async prepare(name) {
      await stage.cronJob(name)
      return { namespace: 'shop', name }
    },
    cut: () => /^POST .*\/jobs$/,
  },
  {
    tool: 'rollout_undo',
    async prepare(name) {
      const args = workload(name)
      const containers = [{ name, image: 'ghcr.io/example/cart:broken' }]
      await stage.patch(`/apis/apps/v1/namespaces/shop/deployments/${name}`, {
        spec: { template: { spec: { containers } } },
      })
      await stage.settled(name)
      return args
    },
    cut: (name) => new RegExp(`^PATCH .*/deployments/${name}$`),
  },
  {
    tool: 'apply',
    async prepare(name) {
      await stage.configMap(name)
      const manifest = `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\ndata:\n  mode: careful\n`
      return { kind: 'ConfigMap', namespace: 'shop', name, manifest }
    },
    cut: (name) => new RegExp(`^PATCH .*/configmaps/${name}$`),
  },
  {
    tool: 'delete',
    async prepare(name) {
      await stage.configMap(name)
      return { kind: 'ConfigMap', namespace: 'shop', name }
    },
    cut: (name) => new RegExp(`^DELETE .*/configmaps/${name}$`),
  },
  {
    tool: 'evict_pod',
    async prepare(name) {
      workload(name)
      const [pod] = await stage.pods(name)
      return { namespace: 'shop', pod: pod?.metadata.name }
    },
    cut: (name) => new RegExp(`^POST .*/${name}-.*/eviction$`),
  },
  {
    tool: 'drain',
    ...onNode,
    async prepare(name) {
      await stage.openNodes()
      workload(name)
      // What it names are the pods on the node, and rollouts of other scenes still move them.
      await stage.atRest()
      return { name: 'talos-worker-2', wait_seconds: 10 }
    },
    found: 'unknown',
  },
]

describe.each(['stdio', 'http'] as const)('over %s', (transport) => {
  let server: Started

  beforeAll(async () => {
    server = await startServer(cluster, transport)
  })
  afterAll(() => server.stop())

  const ask = async (tool: string, args: Args, meta?: Record<string, unknown>) =>
    (await server.call(tool, args, meta)).structuredContent
  const probe = async (tool: string, args: Args, effect: string) =>
    (await ask('probe_effect', { tool, arguments: args, effect })).state
  const nextName = () => {
    serial += 1
    return `thing-${serial}`
  }
  const rehearse = async ({ tool, prepare }: Scene) => {
    const name = nextName()
    const args = await prepare(name)
    const before = cluster.changes().length
    const dry = await ask(tool, args)
    expect(dry).toMatchObject({ dry_run: true, effect: null, truncated: false })
    expect(dry.diff).not.toEqual([])
    expect(cluster.changes()).toHaveLength(before)
    return { name, real: { ...args, dry_run: false, precondition: dry.precondition }, dry }
  }

  test.each(SCENES)('$tool rehearses, is refused without a grant, runs once with one', async (scene) => {
    const { tool } = scene
    const { real, dry } = await rehearse(scene)
    const before = cluster.changes().length
    expect(await ask(tool, real)).toMatchObject({ error: { code: 'grant_missing' } })
    expect(cluster.changes()).toHaveLength(before)
    const effect = crypto.randomUUID()
    const grant = server.granted(tool, real, effect)
    expect(await ask(tool, real, grant)).toMatchObject({ dry_run: false, effect, target: dry.target })
    const after = cluster.changes().length
    expect(after).toBeGreaterThan(before)
    expect(await ask(tool, real, grant)).toMatchObject({ error: { code: 'grant_replayed' } })
    expect(cluster.changes()).toHaveLength(after)
  })

  test.each(SCENES)('after a cut connection the probe of $tool tells', async (scene) => {
    const { tool, cut, found = 'done' } = scene
    const { name, real } = await rehearse(scene)
    const effect = crypto.randomUUID()
    expect(await probe(tool, real, effect)).toBe('not_done')
    cluster.dropAnswer({ match: cut(name) })
    expect(await ask(tool, real, server.granted(tool, real, effect))).toMatchObject({ error: { code: 'unreachable' } })
    expect(await probe(tool, real, effect)).toBe(found)
    if (!['delete', 'evict_pod'].includes(tool)) expect(await probe(tool, real, crypto.randomUUID())).toBe('not_done')
  })

  test.each(SCENES)('a change of $tool whose request never arrived is not done', async (scene) => {
    const { tool, cut } = scene
    const { name, real } = await rehearse(scene)
    const effect = crypto.randomUUID()
    cluster.hang({ match: cut(name) })
    const exp = Date.now() + 700
    const text = server.signer.grant({ tool, arguments: real, audience: server.audience, effect, exp })
    expect(await ask(tool, real, { 'watchkeeper/grant': text })).toMatchObject({ error: { code: 'timeout' } })
    // The mark of a job's CronJob is written before the job, so there nobody can know.
    expect(await probe(tool, real, effect)).toBe(tool === 'create_job_from_cronjob' ? 'unknown' : 'not_done')
  })

  test('a drain moves every pod it may, waits for them, and its probe says so', async () => {
    const name = nextName()
    await stage.openNodes()
    workload(name)
    await stage.atRest()
    const args = { name: 'talos-worker-1', wait_seconds: 10 }
    const { precondition } = await ask('drain', args)
    const real = { ...args, dry_run: false, precondition }
    const effect = crypto.randomUUID()
    expect(await ask('drain', real, server.granted('drain', real, effect))).toMatchObject({
      warnings: [expect.stringMatching(/^These stay: 1 pod of DaemonSets/)],
    })
    expect(await probe('drain', real, effect)).toBe('done')
    const nodes = (await stage.pods(name)).map((pod) => pod.spec.nodeName)
    expect(nodes).toEqual(['talos-worker-2', 'talos-worker-2'])
    await stage.openNodes()
  })

  test('a drain that a budget forbids is refused before the node is closed, and named', async () => {
    const name = nextName()
    await stage.openNodes()
    cluster.addWorkload({ namespace: 'shop', name, replicas: 4 })
    await stage.budget(name, name, { minAvailable: '100%' })
    const args = { name: 'talos-worker-1', wait_seconds: 5, dry_run: false }
    expect(await ask('drain', args, server.granted('drain', args))).toMatchObject({
      error: {
        code: 'refused',
        message: expect.stringContaining(`The disruption budget ${name} needs 4 healthy pods`),
      },
    })
    expect((await stage.get('/api/v1/nodes/talos-worker-1')).body.spec.unschedulable).toBeUndefined()
    await stage.removeBudget(name)
    // With room for one at a time it waits for each replacement.
    await stage.budget(name, name, { maxUnavailable: 1 })
    expect(await ask('drain', args, server.granted('drain', args))).not.toHaveProperty('error')
    const nodes = (await stage.pods(name)).map((pod) => pod.spec.nodeName)
    expect(nodes).not.toContain('talos-worker-1')
    await stage.removeBudget(name)
    await stage.openNodes()
  })

  test('a deletion hits the very object that was seen', async () => {
    const name = nextName()
    await stage.configMap(name)
    const args = { kind: 'ConfigMap', namespace: 'shop', name }
    const { precondition } = await ask('delete', args)
    const gone = { ...args, dry_run: false, precondition }
    expect(await ask('delete', gone, server.granted('delete', gone))).not.toHaveProperty('error')
    await stage.configMap(name)
    expect(await ask('delete', gone, server.granted('delete', gone))).toMatchObject({ error: { code: 'conflict' } })
    expect((await stage.get(`/api/v1/namespaces/shop/configmaps/${name}`)).status).toBe(200)
  })

  test('undo of an undo leads forward again', async () => {
    const name = nextName()
    const args = workload(name)
    const path = `/apis/apps/v1/namespaces/shop/deployments/${name}`
    await stage.patch(path, { spec: { template: { spec: { containers: [{ name, image: 'cart:new' }] } } } })
    const history = await ask('rollout_history', args)
    expect(history).toMatchObject({ items: [{ revision: 2, current: true, images: ['cart:new'] }, { revision: 1 }] })
    const back = { ...args, dry_run: false }
    const undone = await ask('rollout_undo', back, server.granted('rollout_undo', back))
    expect(undone.diff).toEqual([
      {
        field: `spec.template.spec.containers[${name}].image`,
        from: 'cart:new',
        to: `ghcr.io/example/${name}:1.4.2`,
      },
    ])
    const { undo } = undone as { undo: { tool: string; arguments: Args } }
    const again = { ...undo.arguments, dry_run: false }
    expect(await ask(undo.tool, again, server.granted(undo.tool, again))).toMatchObject({
      diff: [{ to: 'cart:new' }],
    })
  })
})
