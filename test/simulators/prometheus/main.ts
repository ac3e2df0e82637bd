import { optionsOf } from '../options.ts'
import { startPrometheus } from './server.ts'

const values = optionsOf({ oracle: { type: 'string' }, token: { type: 'string' } })

const series = Array.from({ length: 20 }, (_, at) => ({
  query: 'up',
  labels: { __name__: 'up', instance: `node-${at}` },
  value: () => 1,
}))
const simulator = await startPrometheus({
  series,
  ...(values.oracle === undefined ? {} : { oracle: values.oracle }),
  ...(values.token === undefined ? {} : { token: values.token }),
})
console.log(JSON.stringify({ ready: true, url: simulator.url }))

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void simulator.stop().then(() => process.exit(0)))
