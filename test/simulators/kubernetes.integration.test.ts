import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { clientOf } from './kubernetes/client.ts'
import { type SimulatedCluster, startKubernetes } from './kubernetes/cluster.ts'
import { controlOf } from './kubernetes/control.ts'

const run = promisify(execFile)
const CART = '/apis/apps/v1/namespaces/shop/deployments/cart'
const PODS = '/api/v1/namespaces/shop/pods'

let folder: string
let cluster: SimulatedCluster
let operator: ReturnType<typeof clientOf>
let reader: ReturnType<typeof clientOf>
let admin: ReturnType<typeof clientOf>

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'simulated-cluster-'))
  cluster = await startKubernetes({ oracle: join(folder, 'oracle.jsonl'), rolloutMs: 30 })
  cluster.addWorkload({ namespace: 'shop', name: 'cart', replicas: 2, memoryLimit: '128Mi' })
  operator = clientOf(cluster, 'operator')
  reader = clientOf(cluster, 'reader')
  admin = clientOf(cluster, 'admin')
})

afterEach(async () => {
  await Promise.all([operator.close(), reader.close(), admin.close()])
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true })
})

function oracle(): Record<string, unknown>[] {
  const lines = readFileSync(join(folder, 'oracle.jsonl'), 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>)
}

function restart(at = '2026-11-21T12:00:00Z', effect?: string) {
  const annotations = { 'kubectl.kubernetes.io/restartedAt': at }
  const marks = effect ? { metadata: { annotations: { 'watchkeeper/effects': effect } } } : {}
  return { ...marks, spec: { template: { metadata: { annotations } } } }
}

const resources = (memory: string) => ({
  spec: { template: { spec: { containers: [{ name: 'cart', resources: { limits: { memory } } }] } } },
})

async function podNames(): Promise<string[]> {
  const { body } = await reader.get(`${PODS}?labelSelector=app%3Dcart`)
  return body.items.map((pod) => pod.metadata.name)
}

describe('faults and what mends them', () => {
  test('a crash loop is mended by a restart, which makes new pods', async () => {
    cluster.breakWorkload('shop/cart', 'crash-loop')
    const before = await podNames()
    expect(cluster.firing().map(({ alertname, pod }) => [alertname, pod])).toEqual(
      expect.arrayContaining(before.map((name) => ['KubePodCrashLooping', name])),
    )
    const { body } = await reader.get(`${PODS}/${before[0]}`)
    const container = {
      ready: false,
      restartCount: 4,
      state: { waiting: { reason: 'CrashLoopBackOff' } },
      lastState: { terminated: { exitCode: 1, reason: 'Error' } },
    }
    expect(body.status).toMatchObject({ containerStatuses: [container] })
    const { status } = await operator.patch(CART, restart())
    expect(status).toBe(200)
    await cluster.waitUntil(() => cluster.firing().length === 0)
    expect(cluster.restarts('shop/cart')).toBe(1)
    const after = await podNames()
    expect(after).toHaveLength(2)
    expect(after.filter((name) => before.includes(name))).toEqual([])
    const deployment = (await reader.get(CART)).body
    expect(deployment.status).toMatchObject({ observedGeneration: 2, readyReplicas: 2, updatedReplicas: 2 })
  })

  test('a stubborn crash loop survives the restart, in new pods', async () => {
    cluster.breakWorkload('shop/cart', 'crash-loop-stubborn')
    const before = await podNames()
    await operator.patch(CART, restart())
    await cluster.waitUntil(() => cluster.firing().every(({ pod }) => !before.includes(pod ?? '')))
    expect(cluster.firing()).toHaveLength(2)
    cluster.heal('shop/cart')
    expect(cluster.firing()).toEqual([])
  })

  test('a workload killed for memory needs a limit that is high enough, and suffers again when that is undone', async () => {
    cluster.breakWorkload('shop/cart', 'oom', { needs: '256Mi' })
    expect(cluster.firing()[0]).toMatchObject({
      alertname: 'KubeContainerOOMKilled',
      namespace: 'shop',
      container: 'cart',
    })
    await operator.patch(CART, restart())
    await operator.patch(CART, resources('192Mi'))
    await cluster.waitUntil(() => cluster.firing().length === 2)
    await operator.patch(CART, resources('256Mi'))
    await cluster.waitUntil(() => cluster.firing().length === 0)
    await operator.patch(CART, resources('128Mi'))
    await cluster.waitUntil(() => cluster.firing().some(({ alertname }) => alertname === 'KubeContainerOOMKilled'))
  })

  test('an image that is gone is mended by another image', async () => {
    cluster.breakWorkload('shop/cart', 'image-pull')
    expect(cluster.firing()[0]).toMatchObject({ alertname: 'KubePodNotReady', reason: 'ImagePullBackOff' })
    const image = { spec: { template: { spec: { containers: [{ name: 'cart', image: 'cart:2' }] } } } }
    await operator.patch(CART, image)
    await cluster.waitUntil(() => cluster.firing().length === 0)
  })

  test('a stuck rollout keeps the old pods and is mended by going back', async () => {
    const before = await podNames()
    const old = (await reader.get(CART)).body.spec
    cluster.breakWorkload('shop/cart', 'rollout-stuck')
    expect(cluster.firing()).toMatchObject([{ alertname: 'KubeDeploymentRolloutStuck', deployment: 'cart' }])
    expect((await reader.get(CART)).body.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }),
    )
    expect(await podNames()).toEqual(expect.arrayContaining(before))
    await operator.call('PATCH', CART, { spec: old }, 'application/merge-patch+json')
    await cluster.waitUntil(async () => (await podNames()).length === 2)
    expect(cluster.firing()).toEqual([])
    expect((await podNames()).sort()).toEqual(before.sort())
    const sets = (await reader.get('/apis/apps/v1/namespaces/shop/replicasets')).body.items
    expect(sets).toHaveLength(2)
  })

  test('StatefulSet pods keep their names and get a new uid', async () => {
    cluster.addWorkload({ namespace: 'shop', name: 'db', kind: 'StatefulSet', replicas: 2 })
    cluster.breakWorkload('shop/db', 'crash-loop')
    const before = (await reader.get(`${PODS}/db-0`)).body.metadata.uid
    await operator.patch('/apis/apps/v1/namespaces/shop/statefulsets/db', restart())
    await cluster.waitUntil(() => cluster.firing().length === 0)
    const after = (await reader.get(`${PODS}/db-0`)).body
    expect(after.metadata.uid).not.toBe(before)
    expect(after.metadata.ownerReferences).toMatchObject([{ kind: 'StatefulSet', name: 'db' }])
  })

  test('what happened is told in events', async () => {
    cluster.breakWorkload('shop/cart', 'oom')
    const [name] = await podNames()
    const selector = encodeURIComponent(`involvedObject.name=${name},type=Warning`)
    const { body } = await reader.get(`/api/v1/namespaces/shop/events?fieldSelector=${selector}`)
    expect(body.items.map((event) => event.reason).sort()).toEqual(['BackOff', 'OOMKilling'])
  })
})

describe('writes', () => {
  test('a stale resourceVersion or another uid is a conflict, and nothing changes', async () => {
    const { metadata } = (await reader.get(CART)).body
    await operator.patch(CART, { metadata: { annotations: { a: 'b' } } })
    const stale = await operator.patch(CART, {
      metadata: { resourceVersion: metadata.resourceVersion },
      spec: { replicas: 5 },
    })
    expect(stale).toMatchObject({ status: 409, body: { kind: 'Status', reason: 'Conflict', code: 409 } })
    expect(stale.body.message).toContain('the object has been modified')
    expect(await operator.patch(CART, { metadata: { uid: 'other' }, spec: { replicas: 5 } })).toMatchObject({
      status: 409,
    })
    expect((await reader.get(CART)).body.spec.replicas).toBe(2)
    expect(cluster.changes()).toHaveLength(1)
  })

  test('metadata moves resourceVersion only, the spec moves the generation too', async () => {
    const first = (await reader.get(CART)).body.metadata
    const second = (await operator.patch(CART, { metadata: { labels: { a: 'b' } } })).body.metadata
    expect(second.generation).toBe(first.generation)
    expect(Number(second.resourceVersion)).toBeGreaterThan(Number(first.resourceVersion))
    const third = (await operator.patch(CART, { spec: { replicas: 3 } })).body.metadata
    expect(third.generation).toBe((first.generation ?? 0) + 1)
  })

  test('a dry run shows the change and leaves everything as it was', async () => {
    const before = (await reader.get(CART)).body
    const pods = await podNames()
    const answer = await operator.patch(`${CART}?dryRun=All&fieldManager=watchkeeper`, {
      ...restart(),
      spec: { ...restart().spec, replicas: 4 },
    })
    expect(answer).toMatchObject({ status: 200, body: { spec: { replicas: 4 }, metadata: { generation: 2 } } })
    expect(answer.body.metadata.managedFields).toContainEqual(expect.objectContaining({ manager: 'watchkeeper' }))
    expect((await reader.get(CART)).body).toEqual(before)
    expect(await podNames()).toEqual(pods)
    expect(cluster.restarts('shop/cart')).toBe(0)
    expect(cluster.changes()).toEqual([])
    expect(oracle()).toContainEqual(
      expect.objectContaining({ call: `PATCH ${CART}`, dryRun: true, changed: false, status: 200 }),
    )
  })

  test('the scale subresource reads and writes replicas', async () => {
    expect((await admin.get(`${CART}/scale`)).body).toMatchObject({ kind: 'Scale', spec: { replicas: 2 } })
    const scaled = await admin.call('PATCH', `${CART}/scale`, { spec: { replicas: 0 } }, 'application/merge-patch+json')
    expect(scaled).toMatchObject({ status: 200, body: { kind: 'Scale', spec: { replicas: 0 } } })
    expect(await podNames()).toEqual([])
    const again = await admin.call('PUT', `${CART}/scale`, { ...scaled.body, spec: { replicas: 1 } })
    expect(again.status).toBe(409)
  })

  test('what an API server would refuse is refused in its words', async () => {
    const wrong = await operator.patch(CART, { spec: { replicas: -1 } })
    expect(wrong).toMatchObject({
      status: 422,
      body: { reason: 'Invalid', details: { causes: [{ field: 'spec.replicas' }] } },
    })
    expect((await operator.patch(CART, resources('a lot'))).status).toBe(422)
    const missing = await operator.patch(`${CART}x`, {})
    expect(missing.body.message).toBe('deployments.apps "cartx" not found')
    expect((await operator.call('PATCH', CART, {}, 'text/plain')).status).toBe(415)
    expect((await operator.get('/apis/none.example/v1/things')).status).toBe(404)
  })

  test('accepted changes carry the newest effect mark', async () => {
    await operator.patch(CART, restart('2026-11-21T12:00:00Z', 'effect-2,effect-1'))
    expect(cluster.changes()).toMatchObject([{ verb: 'patch', path: CART, effect: 'effect-2', changed: true }])
    expect(oracle().at(-1)).toMatchObject({
      simulator: 'kubernetes',
      call: `PATCH ${CART}`,
      user: 'watchkeeper-operator',
      status: 200,
      dryRun: false,
      changed: true,
      effect: 'effect-2',
    })
  })

  test('a pod that is deleted is replaced, and a budget can forbid its eviction', async () => {
    const [first, second] = await podNames()
    await operator.call('DELETE', `${PODS}/${first}`)
    const names = await podNames()
    expect(names).toHaveLength(2)
    expect(names).not.toContain(first)
    await operator.call('POST', '/apis/policy/v1/namespaces/shop/poddisruptionbudgets', {
      metadata: { name: 'cart' },
      spec: { maxUnavailable: 0, selector: { matchLabels: { app: 'cart' } } },
    })
    expect(await operator.call('POST', `${PODS}/${second}/eviction`, {})).toMatchObject({ status: 429 })
  })
})

describe('who may do what', () => {
  test('the reader reads, but no Secrets, and may not even rehearse a change', async () => {
    expect((await reader.get('/api/v1/nodes')).body.items).toHaveLength(3)
    expect(await reader.get('/api/v1/namespaces/vault/secrets')).toMatchObject({
      status: 403,
      body: { reason: 'Forbidden' },
    })
    expect(await reader.patch(`${CART}?dryRun=All`, { spec: { replicas: 3 } })).toMatchObject({ status: 403 })
    const review = { spec: { resourceAttributes: { verb: 'patch', group: 'apps', resource: 'deployments' } } }
    const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews'
    expect((await reader.call('POST', path, review)).body.status.allowed).toBe(false)
    expect((await operator.call('POST', path, review)).body.status.allowed).toBe(true)
  })

  test('anybody else is turned away', async () => {
    const nobody = clientOf(cluster, 'nobody')
    expect(await nobody.get('/api/v1/nodes')).toMatchObject({ status: 401, body: { reason: 'Unauthorized' } })
    await nobody.close()
  })

  test('planted secrets are where secrets live', async () => {
    const { body } = await admin.get('/api/v1/namespaces/vault/secrets/keeper-database')
    expect(cluster.planted()).toContain(Buffer.from(body.data.password ?? '', 'base64').toString())
  })
})

describe('reading', () => {
  test('a list comes in pages that join without gap or repeat', async () => {
    const names: string[] = []
    let next = ''
    do {
      const { body } = await reader.get(`/api/v1/pods?limit=2${next}`)
      expect(body.items.length).toBeLessThanOrEqual(2)
      names.push(...body.items.map((pod) => pod.metadata.uid))
      next = body.metadata.continue ? `&continue=${body.metadata.continue}` : ''
    } while (next)
    const all = (await reader.get('/api/v1/pods')).body.items
    expect(names).toEqual(all.map((pod) => pod.metadata.uid))
  })

  test('logs know the container before, the tail and a pod that never started', async () => {
    cluster.breakWorkload('shop/cart', 'crash-loop')
    const [name] = await podNames()
    expect((await reader.get(`${PODS}/${name}/log?previous=true&tailLines=1`)).body).toBe('main.main()\n')
    cluster.setLogs('shop/cart', { current: ['now'], previous: ['then', 'last'] })
    expect((await reader.get(`${PODS}/${name}/log?previous=true`)).body).toBe('then\nlast\n')
    cluster.breakWorkload('shop/cart', 'image-pull')
    const [waiting] = await podNames()
    const refused = await reader.get(`${PODS}/${waiting}/log`)
    expect(refused).toMatchObject({ status: 400, body: { reason: 'BadRequest' } })
    expect(refused.body.message).toContain('trying and failing to pull image')
  })
})

describe('faults on the wire', () => {
  test('a dropped answer leaves the change done', async () => {
    cluster.dropAnswer({ match: /^PATCH .*\/cart$/ })
    await expect(operator.patch(CART, restart())).rejects.toThrow()
    expect(cluster.restarts('shop/cart')).toBe(1)
  })

  test('a hanging call does nothing and is on record', async () => {
    cluster.hang({ match: /^PATCH / })
    const pending = operator.patch(CART, restart()).catch((error: Error) => error)
    await cluster.waitUntil(() => oracle().some((line) => line.fault === 'hang'))
    expect(cluster.restarts('shop/cart')).toBe(0)
    await operator.close()
    expect(await pending).toBeInstanceOf(Error)
    operator = clientOf(cluster, 'operator')
  })

  test('a delayed call lands later, even when its client has gone', async () => {
    cluster.delayNext({ match: /^PATCH /, ms: 100 })
    const call = operator.patch(CART, restart()).catch((error: Error) => error)
    await reader.get(CART)
    expect(cluster.restarts('shop/cart')).toBe(0)
    await operator.close()
    await call
    await cluster.waitUntil(() => cluster.restarts('shop/cart') === 1)
    operator = clientOf(cluster, 'operator')
  })
})

const kubectl = ['/usr/bin/kubectl', '/usr/local/bin/kubectl'].find(existsSync)

describe.skipIf(!kubectl)('the real kubectl (skipped where none is installed)', () => {
  async function ask(role: 'reader' | 'operator' | 'admin', ...args: string[]): Promise<string> {
    const config = join(folder, `${role}.kubeconfig`)
    writeFileSync(config, cluster.kubeconfig(role, role === 'reader' ? 'certificate' : 'token'))
    const { stdout } = await run(kubectl ?? '', ['--kubeconfig', config, '--cache-dir', join(folder, 'cache'), ...args])
    return stdout
  }

  test('lists, describes and reads logs with a client certificate', async () => {
    cluster.breakWorkload('shop/cart', 'crash-loop')
    expect(await ask('reader', 'get', 'pods', '-A')).toMatch(/shop +cart-\w+-\w+ +0\/1 +CrashLoopBackOff +[4-9]/)
    expect(await ask('reader', 'get', 'nodes', '-o', 'wide')).toContain('Talos (v1.13')
    expect(await ask('reader', 'get', 'deploy,rs,sts,ds', '-A')).toContain('daemonset.apps/kube-flannel')
    expect(await ask('reader', 'get', 'events', '-n', 'shop')).toContain('Back-off restarting failed container')
    expect(await ask('reader', 'get', 'deploy', 'cart', '-n', 'shop', '-o', 'yaml')).toContain('observedGeneration: 1')
    const [name = ''] = await podNames()
    const described = await ask('reader', 'describe', 'pod', '-n', 'shop', name)
    expect(described).toMatch(/Controlled By: +ReplicaSet\/cart-/)
    expect(described).toMatch(/Warning +BackOff/)
    expect(await ask('reader', 'logs', '-n', 'shop', name, '--previous', '--tail=1')).toBe('main.main()\n')
    expect(await ask('reader', 'top', 'nodes')).toContain('talos-worker-1')
    expect(await ask('reader', 'explain', 'deployments')).toMatch(
      /KIND: +Deployment[\s\S]+as this simulated cluster has it/,
    )
    await expect(ask('reader', 'get', 'secrets', '-A')).rejects.toThrow('forbidden')
    await expect(ask('reader', 'rollout', 'restart', '-n', 'shop', 'deploy/cart')).rejects.toThrow(
      'cannot patch resource',
    )
  })

  test('restarts, follows and undoes a rollout with a token', async () => {
    cluster.breakWorkload('shop/cart', 'crash-loop')
    expect(await ask('operator', 'rollout', 'restart', '-n', 'shop', 'deploy/cart')).toContain('restarted')
    expect(await ask('admin', 'rollout', 'status', '-n', 'shop', 'deploy/cart', '--timeout=10s')).toContain(
      'successfully',
    )
    expect(cluster.firing()).toEqual([])
    expect(await ask('operator', 'auth', 'can-i', 'patch', 'deploy', '-n', 'shop')).toBe('yes\n')
    expect(await ask('operator', 'rollout', 'undo', '-n', 'shop', 'deploy/cart')).toContain('rolled back')
    expect(await ask('operator', 'get', 'rs', '-n', 'shop', '--no-headers')).toMatch(/^(.+\n){2}$/)
  })
})

test('the command line starts a cluster that its control address steers', async () => {
  const main = join(import.meta.dirname, 'kubernetes/main.ts')
  const child = spawn(process.execPath, [main, '--oracle', join(folder, 'cli.jsonl'), '--kubeconfig-dir', folder])
  try {
    const lines = createInterface({ input: child.stdout })
    const ready = await new Promise<string>((resolve) => lines.once('line', resolve))
    const { control, kubeconfigs } = JSON.parse(ready) as { control: string; kubeconfigs: { reader: string } }
    expect(readFileSync(kubeconfigs.reader, 'utf8')).toContain('certificate-authority-data')
    const steer = controlOf(control)
    await steer.addWorkload({ namespace: 'shop', name: 'cart' })
    await steer.breakWorkload('shop/cart', 'crash-loop')
    expect(await steer.firing()).toMatchObject([{ alertname: 'KubePodCrashLooping', namespace: 'shop' }])
    await steer.delayNext({ match: /^PATCH /i, ms: 5 })
    await steer.heal('shop/cart')
    expect(await steer.firing()).toEqual([])
    expect(await steer.restarts('shop/cart')).toBe(0)
    expect(await steer.changes()).toEqual([])
    await expect(steer.heal('shop/none')).rejects.toThrow('no workload shop/none')
  } finally {
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  }
})
