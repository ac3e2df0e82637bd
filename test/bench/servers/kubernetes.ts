import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { controlOf } from '../../simulators/kubernetes/control.ts'
import { readyProcess } from '../ready-process.ts'
import type { ServerBench } from './server-bench.ts'

const MAIN = fileURLToPath(new URL('../../../mcp-servers/kubernetes/src/main.ts', import.meta.url))
const SIMULATOR = fileURLToPath(new URL('../../simulators/kubernetes/main.ts', import.meta.url))

export const kubernetesBench: ServerBench = {
  server: 'kubernetes',
  limits: { listBytes: 40_000, rssMb: 220 },
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
    const simulator = await readyProcess([SIMULATOR, '--kubeconfig-dir', folder])
    await controlOf(simulator.ready.control ?? '').addWorkload({ namespace: 'shop', name: 'cart' })
    const kubeconfig = parse(await readFile(join(folder, 'reader.kubeconfig'), 'utf8'))
    const ca = Buffer.from(kubeconfig.clusters[0].cluster['certificate-authority-data'], 'base64')
    const headers = { authorization: `Bearer ${kubeconfig.users[0].user.token}`, accept: 'application/json' }
    const agent = new Agent({ keepAlive: true, maxSockets: 1, ca })
    const url = `${simulator.ready.url}/apis/apps/v1/namespaces/shop/deployments/cart`
    return {
      main: MAIN,
      flags: [],
      env: {
        KUBECONFIG: join(folder, 'reader.kubeconfig'),
        KUBECONFIG_OPERATOR: join(folder, 'operator.kubeconfig'),
      },
      look: { tool: 'get', args: { kind: 'Deployment', namespace: 'shop', name: 'cart' } },
      raw: () =>
        new Promise((resolve, reject) => {
          request(url, { headers, agent }, (response) => json(response).then(resolve, reject))
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
