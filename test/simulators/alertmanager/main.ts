import { optionsOf } from '../options.ts'
import { serveControl } from './control.ts'
import { startAlertmanager } from './server.ts'

/** Runs a simulated Alertmanager as a process of its own: one line of JSON says where it listens, SIGTERM ends it. */
const values = optionsOf({
  oracle: { type: 'string' },
  port: { type: 'string' },
  'control-port': { type: 'string' },
  receiver: { type: 'string' },
  webhook: { type: 'string' },
  bearer: { type: 'string' },
  'max-alerts': { type: 'string' },
  'group-interval-ms': { type: 'string' },
})

const alertmanager = await startAlertmanager({
  ...(values.oracle ? { oracle: values.oracle } : {}),
  ...(values.port ? { port: Number(values.port) } : {}),
  ...(values.receiver ? { receiver: values.receiver } : {}),
  ...(values.webhook ? { webhookUrl: values.webhook } : {}),
  ...(values.bearer ? { credentials: { bearer: values.bearer } } : {}),
  ...(values['max-alerts'] ? { maxAlerts: Number(values['max-alerts']) } : {}),
  ...(values['group-interval-ms'] ? { groupIntervalMs: Number(values['group-interval-ms']) } : {}),
})
const control = await serveControl(alertmanager, Number(values['control-port'] ?? 0))

const { url, receiver } = alertmanager
console.log(JSON.stringify({ ready: true, url, control: control.url, receiver }))

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await Promise.all([alertmanager.stop(), control.stop()])
    process.exit(0)
  })
}
