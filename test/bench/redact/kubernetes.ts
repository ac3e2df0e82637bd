import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kubernetesCluster } from '../../../mcp-servers/kubernetes/src/kubernetes-cluster.ts'
import { clusterAccess } from '../../../mcp-servers/kubernetes/src/kubernetes-config.ts'
import { tools } from '../../../mcp-servers/kubernetes/src/tools/index.ts'
import { startKubernetes } from '../../simulators/kubernetes/cluster.ts'
import type { Secret } from '../redact-kinds.ts'
import { type RedactBench, servable } from './planted-server.ts'

/** Annotations, environment variables and logs carry every text; Secrets, ConfigMaps and copies of objects come with the cluster. */
export const kubernetesRedact: RedactBench = {
  server: 'kubernetes',
  async start(texts) {
    const cluster = await startKubernetes({ backOffMs: 60_000 })
    const copied = 'wk-last-applied-copy-of-an-object'
    const byName = 'wk-environment-value-by-its-name'
    cluster.addWorkload({
      namespace: 'shop',
      name: 'cart',
      replicas: 1,
      annotations: {
        'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify({ spec: { note: copied } }),
        ...Object.fromEntries(texts.map(({ kind, text }) => [`note.example/${kind}`, text])),
      },
      env: [
        { name: 'SESSION_KEY', value: byName },
        ...texts.map(({ kind, text }) => ({ name: `NOTE_${kind.toUpperCase().replaceAll('-', '_')}`, value: text })),
      ],
    })
    const lines = texts.flatMap(({ text }) => text.split('\n'))
    cluster.setLogs('shop/cart', { current: lines, previous: lines })
    const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-redact-'))
    const fileOf = (role: 'reader' | 'operator') => {
      const path = join(folder, role)
      writeFileSync(path, cluster.kubeconfig(role), { mode: 0o600 })
      return path
    }
    // Comparing a manifest asks for a rehearsal, which takes the operator.
    const env = { KUBECONFIG: fileOf('reader'), KUBECONFIG_OPERATOR: fileOf('operator') }
    const [access] = clusterAccess({ env, contexts: [], readOnly: false })
    if (!access) throw new Error('the kubeconfig has no context')
    const own = [
      { kind: 'last-applied', text: copied, hidden: [copied] },
      { kind: 'environment-by-name', text: byName, hidden: [byName] },
    ]
    const seeded = cluster.planted().map((value): Secret => ({ kind: 'seeded', text: value, hidden: [value] }))
    const definition = {
      name: 'watchkeeper-kubernetes',
      title: 'Watchkeeper for Kubernetes',
      version: '0',
      instructions: '',
      tools,
      ports: new Map([[access.name, kubernetesCluster(access, Date.now)]]),
    }
    const cart = { namespace: 'shop', workload: 'deployment/cart' }
    const changed = { metadata: { name: 'keeper-config' }, data: { LOG_LEVEL: 'debug' } }
    const manifest = JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...changed })
    return {
      ...servable(definition),
      planted: [...texts, ...own, ...seeded],
      calls: [
        { tool: 'cluster_overview', args: {} },
        { tool: 'events', args: { limit: 200 } },
        { tool: 'rollout_status', args: cart },
        ...['configmaps', 'pods', 'deployments'].map((kind) => ({ tool: 'list', args: { kind } })),
        { tool: 'list', args: { kind: 'secrets' }, mayBeForbidden: true },
        ...['get', 'describe'].flatMap((tool) => [
          { tool, args: { kind: 'Deployment', namespace: 'shop', name: 'cart' } },
          { tool, args: { kind: 'Deployment', namespace: 'vault', name: 'keeper' } },
          {
            tool,
            args: { kind: 'Secret', namespace: 'vault', name: 'keeper-database' },
            mayBeForbidden: true as const,
          },
          { tool, args: { kind: 'Secret', namespace: 'vault', name: 'registry' }, mayBeForbidden: true as const },
          { tool, args: { kind: 'ConfigMap', namespace: 'vault', name: 'keeper-config' } },
        ]),
        { tool: 'clusters_list', args: {} },
        { tool: 'api_resources', args: {} },
        { tool: 'top', args: { of: 'pods' } },
        { tool: 'rollout_history', args: cart },
        { tool: 'can_i', args: {} },
        { tool: 'diff', args: { kind: 'ConfigMap', namespace: 'vault', name: 'keeper-config', manifest } },
        { tool: 'logs', args: { ...cart, tail: 500 } },
        { tool: 'logs', args: { ...cart, tail: 500, grep: 'a' } },
      ],
      async stop() {
        await cluster.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}
