import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsOf } from '../options.ts'
import { ROLES } from './access.ts'
import { startTalos } from './cluster.ts'
import { serveControl } from './control-server.ts'

const values = optionsOf({
  oracle: { type: 'string' },
  'talosconfig-dir': { type: 'string' },
  port: { type: 'string', default: '0' },
  'control-port': { type: 'string', default: '0' },
  'reboot-ms': { type: 'string', default: '400' },
  'service-ms': { type: 'string', default: '50' },
  'control-planes': { type: 'string', default: '3' },
  workers: { type: 'string', default: '2' },
  'talos-version': { type: 'string', default: 'v1.12.4' },
  'cluster-name': { type: 'string', default: 'homelab' },
})

const cluster = await startTalos({
  ...(values.oracle === undefined ? {} : { oracle: values.oracle }),
  port: number('port'),
  rebootMs: number('reboot-ms'),
  serviceMs: number('service-ms'),
  controlPlanes: number('control-planes'),
  workers: number('workers'),
  version: values['talos-version'],
  clusterName: values['cluster-name'],
})
const control = await serveControl(cluster, number('control-port'))
const talosconfigs = values['talosconfig-dir'] === undefined ? {} : writeTalosconfigs(values['talosconfig-dir'])
console.log(JSON.stringify({ ready: true, url: cluster.endpoint, control: control.url, talosconfigs }))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    Promise.all([cluster.stop(), control.stop()]).then(() => process.exit(0))
  })
}

/** Writes reader.talosconfig, operator.talosconfig and admin.talosconfig, readable by their owner only. */
function writeTalosconfigs(folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true })
  return Object.fromEntries(
    ROLES.map((role) => {
      const path = join(folder, `${role}.talosconfig`)
      writeFileSync(path, cluster.talosconfig(role), { mode: 0o600 })
      return [role, path]
    }),
  )
}

type Numbers = 'port' | 'control-port' | 'reboot-ms' | 'service-ms' | 'control-planes' | 'workers'

function number(name: Numbers): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not '${values[name]}'`)
  return value
}
