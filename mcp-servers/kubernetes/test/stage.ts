import { clientOf } from '../../../test/simulators/kubernetes/client.ts'
import type { SimulatedCluster } from '../../../test/simulators/kubernetes/cluster.ts'

/** Whoever sets the scene for a test of the server: with every right, past the server. */
export type Stage = ReturnType<typeof stageOf>

const APPLY = 'application/apply-patch+yaml'

export function stageOf(cluster: SimulatedCluster) {
  const admin = clientOf(cluster, 'admin')
  const must = async (call: ReturnType<typeof admin.call>) => {
    const answer = await call
    if (answer.status >= 300) throw new Error(`the stage was refused: ${JSON.stringify(answer.body)}`)
    return answer.body
  }
  return {
    close: admin.close,
    get: (path: string) => admin.get(path),
    patch: (path: string, body: unknown) => must(admin.patch(path, body)),
    apply: (path: string, manager: string, body: unknown) =>
      must(admin.call('PATCH', `${path}?fieldManager=${manager}`, body, APPLY)),
    configMap: (name: string, data: Record<string, string> = { level: 'info' }) =>
      must(admin.call('POST', '/api/v1/namespaces/shop/configmaps', { metadata: { name }, data })),
    budget: (name: string, app: string, spec: object) =>
      must(
        admin.call('POST', '/apis/policy/v1/namespaces/shop/poddisruptionbudgets', {
          metadata: { name },
          spec: { ...spec, selector: { matchLabels: { app } } },
        }),
      ),
    removeBudget: (name: string) =>
      must(admin.call('DELETE', `/apis/policy/v1/namespaces/shop/poddisruptionbudgets/${name}`)),
    cronJob: (name: string, spec: object = {}) =>
      must(
        admin.call('POST', '/apis/batch/v1/namespaces/shop/cronjobs', {
          metadata: { name },
          spec: {
            schedule: '0 3 * * *',
            jobTemplate: { spec: { template: { spec: { containers: [{ name: 'run', image: 'run:1' }] } } } },
            ...spec,
          },
        }),
      ),
    /** A pod that nothing would make again. */
    barePod: (name: string, over: { annotations?: object; nodeName?: string; volumes?: object[] } = {}) => {
      const { annotations = {}, ...spec } = over
      const body = { metadata: { name, annotations }, spec: { containers: [{ name: 'main', image: 'x:1' }], ...spec } }
      return must(admin.call('POST', '/api/v1/namespaces/shop/pods', body))
    },
    removePod: (name: string) => must(admin.call('DELETE', `/api/v1/namespaces/shop/pods/${name}`)),
    async pods(app: string) {
      const { body } = await admin.get(`/api/v1/namespaces/shop/pods?labelSelector=app%3D${app}`)
      return body.items
    },
    /** Waits until a Deployment of two pods has come to rest, so that its status moves no more. */
    settled: (name: string) =>
      cluster.waitUntil(async () => {
        const { status } = (await admin.get(`/apis/apps/v1/namespaces/shop/deployments/${name}`)).body
        return status.replicas === 2 && status.updatedReplicas === 2 && status.readyReplicas === 2
      }),
    /** Waits until no rollout is under way: while one is, some pod is not ready, and others are about to go. */
    atRest: () =>
      cluster.waitUntil(async () => {
        const { items } = (await admin.get('/api/v1/pods')).body
        return items.every(({ status }) => JSON.stringify(status.conditions).includes('"type":"Ready","status":"True"'))
      }),
    openNodes: async () => {
      for (const node of ['talos-worker-1', 'talos-worker-2'])
        await must(admin.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: null } }))
    },
    closeNode: (node: string) => must(admin.patch(`/api/v1/nodes/${node}`, { spec: { unschedulable: true } })),
  }
}
