import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { optionsOf } from '../options.ts'
import { ROLES } from './access.ts'
import { startProxmox } from './cluster.ts'
import { serveControl } from './control-server.ts'

const values = optionsOf({
  oracle: { type: 'string' },
  'credentials-dir': { type: 'string' },
  port: { type: 'string', default: '0' },
  'control-port': { type: 'string', default: '0' },
  'task-ms': { type: 'string', default: '300' },
  'second-ms': { type: 'string', default: '1000' },
  'cluster-name': { type: 'string', default: 'homelab' },
})

const cluster = await startProxmox({
  ...(values.oracle === undefined ? {} : { oracle: values.oracle }),
  port: number('port'),
  taskMs: number('task-ms'),
  secondMs: number('second-ms'),
  clusterName: values['cluster-name'],
})
const control = await serveControl(cluster, number('control-port'))
const files = values['credentials-dir'] === undefined ? {} : writeCredentials(values['credentials-dir'])
const { url, fingerprint } = cluster
console.log(JSON.stringify({ ready: true, url, control: control.url, fingerprint, files }))

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    Promise.all([cluster.stop(), control.stop()]).then(() => process.exit(0))
  })
}

/** Writes ca.pem, ROLE.id and ROLE.secret for each token, and config.json that a server can be pointed at. */
function writeCredentials(folder: string): Record<string, string> {
  mkdirSync(folder, { recursive: true })
  const write = (name: string, text: string) => {
    const path = join(folder, name)
    writeFileSync(path, text, { mode: 0o600 })
    return path
  }
  const ca = write('ca.pem', cluster.certificate)
  const token = (role: (typeof ROLES)[number]) => {
    const { id, secret } = cluster.token(role)
    return { token_id: id, token_secret_file: write(`${role}.secret`, secret) }
  }
  const [reader, operator] = [token('reader'), token('operator')]
  const clusters = { [values['cluster-name']]: { url: cluster.url, ca_file: ca, reader, operator } }
  const config = write('config.json', `${JSON.stringify({ clusters }, null, 2)}\n`)
  return { ca, config, ...Object.fromEntries(ROLES.map((role) => [role, token(role).token_secret_file])) }
}

function number(name: 'port' | 'control-port' | 'task-ms' | 'second-ms'): number {
  const value = Number(values[name])
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not '${values[name]}'`)
  return value
}
