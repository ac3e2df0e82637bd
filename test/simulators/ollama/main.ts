import { serveModelControl } from '../model-control.ts'
import { optionsOf } from '../options.ts'
import { startOllama } from './server.ts'

/** Runs a simulated Ollama as a process of its own: one line of JSON says where it listens, SIGTERM ends it. */
const values = optionsOf({ oracle: { type: 'string' }, port: { type: 'string' }, 'control-port': { type: 'string' } })

const model = await startOllama({
  ...(values.oracle ? { oracle: values.oracle } : {}),
  ...(values.port ? { port: Number(values.port) } : {}),
})
const control = await serveModelControl(model, Number(values['control-port'] ?? 0))
console.log(JSON.stringify({ ready: true, url: model.url, control: control.url }))

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, async () => {
    await Promise.all([model.stop(), control.stop()])
    process.exit(0)
  })
}
