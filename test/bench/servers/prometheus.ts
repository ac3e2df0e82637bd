import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { readyProcess } from '../ready-process.ts'
import { postJson } from './post-json.ts'
import type { ServerBench } from './server-bench.ts'

const MAIN = fileURLToPath(new URL('../../../mcp-servers/prometheus/src/main.ts', import.meta.url))
const SIMULATOR = fileURLToPath(new URL('../../simulators/prometheus/main.ts', import.meta.url))

export const prometheusBench: ServerBench = {
  server: 'prometheus',
  limits: { listBytes: 12_000, rssMb: 140 },
  async start() {
    const simulator = await readyProcess([SIMULATOR])
    const url = simulator.ready.url ?? ''
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    return {
      main: MAIN,
      flags: [],
      env: { PROMETHEUS_URL: url },
      look: { tool: 'query', args: { expression: 'up' } },
      raw: () => postJson(`${url}/api/v1/query`, { agent, headers, body: 'query=up' }),
      async stop() {
        agent.destroy()
        await simulator.stop()
      },
    }
  },
}
