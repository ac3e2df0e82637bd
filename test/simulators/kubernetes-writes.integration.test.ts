import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clientOf } from './kubernetes/client.ts'
import { type SimulatedCluster, startKubernetes } from './kubernetes/cluster.ts'

const CONFIG = '/api/v1/namespaces/shop/configmaps/settings'
const PODS = '/api/v1/namespaces/shop/pods'
const BUDGETS = '/apis/policy/v1/namespaces/shop/poddisruptionbudgets'
const APPLY = 'application/apply-patch+yaml'

let cluster: SimulatedCluster
let admin: ReturnType<typeof clientOf>
let reader: ReturnType<typeof clientOf>

beforeEach(async () => {
  cluster = await startKubernetes({ rolloutMs: 30 })
  cluster.addWorkload({ namespace: 'shop', name: 'cart', replicas: 3 })
  admin = clientOf(cluster, 'admin')
  reader = clientOf(cluster, 'reader')
})

afterEach(async () => {
  await Promise.all([admin.close(), reader.close()])
  await cluster.stop()
})

describe('server-side apply', () => {
  const apply = (manager: string, data: object, query = '') =>
    admin.call('PATCH', `${CONFIG}?fieldManager=${manager}${query}`, manifest(data), APPLY)
  const manifest = (data: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data })

  test('makes what is not there, and says who has which field', async () => {
    expect((await apply('anna', { level: 'info' })).status).toBe(201)
    const { body } = await reader.get(CONFIG)
    expect(body.metadata.managedFields).toMatchObject([
      { manager: 'anna', operation: 'Apply', fieldsV1: { 'f:data': { 'f:level': {} } } },
    ])
  })

  test("refuses another manager's fields unless forced, and then takes them over", async () => {
    await apply('anna', { level: 'info', mode: 'fast' })
    const refused = await apply('bob', { level: 'debug' })
    expect(refused).toMatchObject({ status: 409, body: { reason: 'Conflict' } })
    expect(refused.body.message).toBe('Apply failed with 1 conflict: conflict with "anna" using v1: .data.level')
    expect((await apply('bob', { level: 'info' })).status).toBe(200)
    expect((await apply('bob', { level: 'debug' }, '&force=true')).body.data).toEqual({ level: 'debug', mode: 'fast' })
    expect((await apply('anna', { level: 'info', mode: 'fast' })).status).toBe(409)
  })

  test('a field no longer asked for goes, unless somebody else has it too', async () => {
    await apply('anna', { level: 'info', mode: 'fast' })
    await apply('bob', { level: 'info' })
    expect((await apply('anna', { colour: 'red' })).body.data).toEqual({ level: 'info', colour: 'red' })
  })

  test('an ordinary write takes its fields from whoever applied them', async () => {
    await apply('anna', { level: 'info' })
    await admin.call('PATCH', `${CONFIG}?fieldManager=bob`, { data: { level: 'warn' } }, 'application/merge-patch+json')
    expect((await apply('anna', { level: 'info' })).body.message).toContain('conflict with "bob"')
  })

  test('a rehearsal finds the same conflicts and stores nothing', async () => {
    await apply('anna', { level: 'info' })
    expect((await apply('bob', { level: 'debug' }, '&dryRun=All')).status).toBe(409)
    expect((await apply('bob', { level: 'debug' }, '&dryRun=All&force=true')).body.data).toEqual({ level: 'debug' })
    expect((await reader.get(CONFIG)).body.data).toEqual({ level: 'info' })
  })

  test('a version in the manifest must be the newest', async () => {
    const made = await apply('anna', { level: 'info' })
    await apply('anna', { level: 'warn' })
    const stale = {
      ...manifest({ level: 'debug' }),
      metadata: { name: 'settings', resourceVersion: made.body.metadata.resourceVersion },
    }
    expect((await admin.call('PATCH', `${CONFIG}?fieldManager=anna`, stale, APPLY)).body.message).toContain('modified')
  })

  test('members of lists are merged and owned by name', async () => {
    const path = '/apis/apps/v1/namespaces/shop/deployments/cart?fieldManager=anna'
    const sidecar = { name: 'proxy', image: 'proxy:1' }
    const template = { spec: { containers: [sidecar] } }
    const deployment = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'cart' } }
    const names = ({ body }: Awaited<ReturnType<typeof admin.call>>) =>
      (body.spec as { template: { spec: { containers: { name: string }[] } } }).template.spec.containers.map(
        ({ name }) => name,
      )
    expect(names(await admin.call('PATCH', path, { ...deployment, spec: { template } }, APPLY))).toEqual([
      'cart',
      'proxy',
    ])
    expect(names(await admin.call('PATCH', path, { ...deployment, spec: { replicas: 3 } }, APPLY))).toEqual(['cart'])
  })
})

describe('disruption budgets', () => {
  const podName = async () => (await reader.get(PODS)).body.items[0]?.metadata.name
  const evict = async (body: object = {}) => admin.call('POST', `${PODS}/${await podName()}/eviction`, body)
  const budget = (spec: object) =>
    admin.call('POST', BUDGETS, {
      metadata: { name: 'cart' },
      spec: { ...spec, selector: { matchLabels: { app: 'cart' } } },
    })

  test.each([
    [{ minAvailable: 3 }, 0],
    [{ minAvailable: 2 }, 1],
    [{ minAvailable: '50%' }, 1],
    [{ maxUnavailable: 0 }, 0],
    [{ maxUnavailable: '34%' }, 2],
  ])('%j leaves room for %i', async (spec, allowed) => {
    await budget(spec)
    expect((await reader.get(`${BUDGETS}/cart`)).body.status).toMatchObject({
      disruptionsAllowed: allowed,
      currentHealthy: 3,
    })
    expect((await evict()).status).toBe(allowed > 0 ? 201 : 429)
  })

  test('a refusal names the budget as the real API does; a rehearsal evicts nobody', async () => {
    const dryRun = { deleteOptions: { dryRun: ['All'] } }
    const before = await podName()
    expect((await evict(dryRun)).status).toBe(201)
    expect(await podName()).toBe(before)
    expect(cluster.changes()).toEqual([])
    await budget({ minAvailable: 3 })
    expect(await evict(dryRun)).toMatchObject({
      status: 429,
      body: {
        message: "Cannot evict pod as it would violate the pod's disruption budget.",
        details: {
          causes: [
            {
              reason: 'DisruptionBudget',
              message: 'The disruption budget cart needs 3 healthy pods and has 3 currently',
            },
          ],
        },
      },
    })
  })

  test('an eviction of another uid is refused', async () => {
    expect(await evict({ deleteOptions: { preconditions: { uid: 'other' } } })).toMatchObject({ status: 409 })
  })

  test('pods do not come back to a closed node', async () => {
    await admin.patch('/api/v1/nodes/talos-worker-1', { spec: { unschedulable: true } })
    for (const pod of (await reader.get(PODS)).body.items)
      if (pod.spec.nodeName === 'talos-worker-1') await admin.call('POST', `${PODS}/${pod.metadata.name}/eviction`, {})
    await cluster.waitUntil(async () => (await reader.get(PODS)).body.items.length === 3)
    const nodes = (await reader.get(PODS)).body.items.map((pod) => pod.spec.nodeName)
    expect(nodes).toEqual(['talos-worker-2', 'talos-worker-2', 'talos-worker-2'])
  })

  test('an added node takes the pods that prefer it and no others, until it is closed', async () => {
    const nodesOf = async (app: string) =>
      (await reader.get(`${PODS}?labelSelector=app=${app}`)).body.items.map((pod) => pod.spec.nodeName)
    cluster.addNode('spare')
    cluster.addWorkload({ namespace: 'shop', name: 'guest', prefers: 'spare' })
    expect(await nodesOf('guest')).toEqual(['spare'])
    expect(await nodesOf('cart')).not.toContain('spare')
    await admin.patch('/api/v1/nodes/spare', { spec: { unschedulable: true } })
    const [guest] = (await reader.get(`${PODS}?labelSelector=app=guest`)).body.items
    await admin.call('POST', `${PODS}/${guest?.metadata.name}/eviction`, {})
    await cluster.waitUntil(async () => (await nodesOf('guest')).length === 1)
    expect(await nodesOf('guest')).not.toContain('spare')
  })
})

describe('who may do what', () => {
  test('the roles are the ones that ship, down to subresources', async () => {
    const operator = clientOf(cluster, 'operator')
    const { body } = await reader.get(PODS)
    const eviction = `${PODS}/${body.items[0]?.metadata.name}/eviction`
    expect((await reader.call('POST', eviction, {})).body.message).toContain('cannot create resource "pods/eviction"')
    expect((await operator.call('POST', eviction, {})).status).toBe(201)
    expect((await operator.get('/api/v1/namespaces/vault/secrets')).status).toBe(403)
    expect((await operator.call('DELETE', '/api/v1/namespaces/shop')).status).toBe(403)
    await operator.close()
  })

  test('applying what is not there wants the right to make it', async () => {
    cluster.allow('reader', { apiGroups: [''], resources: ['configmaps'], verbs: ['patch'] })
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' } }
    const refused = await reader.call('PATCH', `${CONFIG}?fieldManager=x`, body, APPLY)
    expect(refused.body.message).toContain('cannot create resource "configmaps"')
  })

  test('a rules review lists what RBAC gives', async () => {
    const path = '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews'
    const { status } = (await reader.call('POST', path, { spec: { namespace: 'shop' } })).body
    expect(status.resourceRules).toContainEqual({ apiGroups: [''], resources: ['pods/log'], verbs: ['get'] })
    expect(JSON.stringify(status.resourceRules)).not.toContain('secrets')
  })

  test('custom resources are read by whoever was given them, in the columns their definition asks for', async () => {
    const path = '/apis/cert-manager.io/v1/namespaces/monitoring/certificates'
    expect((await reader.get(path)).status).toBe(403)
    cluster.allow('reader', { apiGroups: ['cert-manager.io'], resources: ['certificates'], verbs: ['get', 'list'] })
    expect((await reader.get(path)).body.items).toHaveLength(1)
  })
})

test('a job runs, is listed by its CronJob meanwhile, and succeeds', async () => {
  const cronJob = '/apis/batch/v1/namespaces/vault/cronjobs/backup'
  const { metadata } = (await reader.get(cronJob)).body
  const ownerReferences = [{ apiVersion: 'batch/v1', kind: 'CronJob', name: 'backup', uid: metadata.uid }]
  const jobs = '/apis/batch/v1/namespaces/vault/jobs'
  await admin.call('POST', jobs, { metadata: { name: 'by-hand', ownerReferences }, spec: {} })
  expect((await reader.get(cronJob)).body.status.active).toMatchObject([{ kind: 'Job', name: 'by-hand' }])
  await cluster.waitUntil(async () => (await reader.get(`${jobs}/by-hand`)).body.status.succeeded === 1)
  expect((await reader.get(cronJob)).body.status.active).toEqual([])
})

const kubectl = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find(existsSync)

test.skipIf(!kubectl)(
  'the real kubectl applies, drains and lists what is new (skipped where none is installed)',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'simulated-cluster-'))
    const config = join(folder, 'admin.kubeconfig')
    writeFileSync(config, cluster.kubeconfig('admin'))
    const ask = async (...args: string[]) => {
      const all = ['--kubeconfig', config, '--cache-dir', join(folder, 'cache'), ...args]
      return (await promisify(execFile)(kubectl ?? '', all)).stdout
    }
    const file = join(folder, 'settings.json')
    const manifest = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'shop' },
      data: { a: '1' },
    }
    writeFileSync(file, JSON.stringify(manifest))
    expect(await ask('apply', '--server-side', '-f', file)).toContain('serverside-applied')
    writeFileSync(file, JSON.stringify({ ...manifest, data: { a: '2' } }))
    await expect(ask('apply', '--server-side', '--field-manager=other', '-f', file)).rejects.toThrow(
      'conflict with "kubectl"',
    )
    expect(await ask('get', 'certificates', '-A')).toMatch(/NAMESPACE +NAME +READY +SECRET +AGE/)
    expect(await ask('get', 'cronjobs,pdb,crd,hpa', '-A')).toContain('backup')
    expect(await ask('auth', 'can-i', 'create', 'pods', '--subresource=eviction')).toBe('yes\n')
    expect(await ask('drain', 'talos-worker-1', '--ignore-daemonsets', '--timeout=20s')).toContain('drained')
    expect(await ask('get', 'nodes')).toContain('SchedulingDisabled')
    rmSync(folder, { recursive: true, force: true })
  },
)
