import { optionsOf } from '../options.ts'
import { startKnowledge } from './server.ts'

const values = optionsOf({ oracle: { type: 'string' }, runbooks: { type: 'string' } })

const simulator = await startKnowledge({
  ...(values.oracle === undefined ? {} : { oracle: values.oracle }),
  ...(values.runbooks === undefined ? {} : { runbooks: values.runbooks }),
})
console.log(JSON.stringify({ ready: true, url: simulator.url, token: simulator.token }))

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void simulator.stop().then(() => process.exit(0)))
