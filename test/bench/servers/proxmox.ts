import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { readyProcess } from '../ready-process.ts'
import type { ServerBench } from './server-bench.ts'

const MAIN = fileURLToPath(new URL('../../../mcp-servers/proxmox/src/main.ts', import.meta.url))
const SIMULATOR = fileURLToPath(new URL('../../simulators/proxmox/main.ts', import.meta.url))

export const proxmoxBench: ServerBench = {
  server: 'proxmox',
  limits: { listBytes: 36_000, rssMb: 140 },
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
    const simulator = await readyProcess([SIMULATOR, '--credentials-dir', folder])
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'))
    const { url, reader } = config.clusters.homelab
    const secret = await readFile(reader.token_secret_file, 'utf8')
    const headers = { authorization: `PVEAPIToken=${reader.token_id}=${secret}`, accept: 'application/json' }
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: await readFile(join(folder, 'ca.pem'), 'utf8') })
    return {
      main: MAIN,
      flags: [],
      env: { PROXMOX_CONFIG: join(folder, 'config.json') },
      look: { tool: 'node_status', args: { node: 'pve1' } },
      raw: () =>
        new Promise((resolve, reject) => {
          request(`${url}/api2/json/nodes/pve1/status`, { headers, agent }, (response) =>
            json(response).then(resolve, reject),
          )
            .on('error', reject)
            .end()
        }),
      async stop() {
        agent.destroy()
        await simulator.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
}
