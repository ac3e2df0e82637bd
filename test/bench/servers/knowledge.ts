import { Agent } from 'node:http'
import { fileURLToPath } from 'node:url'
import { readyProcess } from '../ready-process.ts'
import { postJson } from './post-json.ts'
import type { ServerBench } from './server-bench.ts'

const MAIN = fileURLToPath(new URL('../../../mcp-servers/knowledge/src/main.ts', import.meta.url))
const SIMULATOR = fileURLToPath(new URL('../../simulators/knowledge/main.ts', import.meta.url))

export const knowledgeBench: ServerBench = {
  server: 'knowledge',
  limits: { listBytes: 12_000, rssMb: 140 },
  async start() {
    const simulator = await readyProcess([SIMULATOR])
    const { url = '', token = '' } = simulator.ready
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` }
    const body = JSON.stringify({ collection: 'runbooks', summary: 'pod out of memory', limit: 5 })
    return {
      main: MAIN,
      flags: [],
      env: { WATCHKEEPER_URL: url, KNOWLEDGE_TOKEN: token },
      look: { tool: 'search', args: { summary: 'pod out of memory' } },
      raw: () => postJson(`${url}/api/knowledge/search`, { agent, headers, body }),
      async stop() {
        agent.destroy()
        await simulator.stop()
      },
    }
  },
}
