import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsOf } from '../options.ts'
import { ROLES } from './access.ts'
import { startKubernetes } from './cluster.ts'
import { serveControl } from './control-server.ts'

const values = optionsOf({
  oracle: { type: 'string' },
  'kubeconfig-dir': { type: 'string' },
  port: { type: 'string', default: '0' },
  'control-port': { type: 'string', default: '0' },
  'rollout-ms': { type: 'string', default: '300' },
  'back-off-ms': { type: 'string', default: '2000' },
  'cluster-name': { type: 'string', default: 'homelab' },
})

const cluster = await startKubernetes({
  ...(values.oracle === undefined ? {} : { oracle: values.oracle }),
  port: number('port'),
  rolloutMs: number('rollout-ms'),
  backOffMs: number('back-off-ms'),
  clusterName: values['cluster-name'],
})
const control = await serveControl(cluster, number('control-port'))
const kubeconfigs = values['kubeconfig-dir'] === undefined ? {} : writeKubeconfigs(values['kubeconfig-dir'])
console.log(JSON.stringify({ ready: true, url: cluster.url, control: control.url, kubeconfigs }))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    Promise.all([cluster.stop(), control.stop()]).then(() => process.exit(0))
  })
}

/** Writes reader.kubeconfig and operator.kubeconfig, readable by their owner only. */
function writeKubeconfigs(folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true })
  return Object.fromEntries(
    ROLES.map((role) => {
      const path = join(folder, `${role}.kubeconfig`)
      writeFileSync(path, cluster.kubeconfig(role), { mode: 0o600 })
      return [role, path]
    }),
  )
}

function number(name: 'port' | 'control-port' | 'rollout-ms' | 'back-off-ms'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not '${values[name]}'`)
  return value
}
