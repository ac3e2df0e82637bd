import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { parse } from 'yaml'
import { loadProtos } from '../../simulators/talos/proto.ts'
import { readyProcess } from '../ready-process.ts'
import type { ServerBench } from './server-bench.ts'

const MAIN = fileURLToPath(new URL('../../../mcp-servers/talos/src/main.ts', import.meta.url))
const SIMULATOR = fileURLToPath(new URL('../../simulators/talos/main.ts', import.meta.url))

export const talosBench: ServerBench = {
  server: 'talos',
  limits: { listBytes: 36_000, rssMb: 140 },
  async start() {
    const folder = await mkdtemp(join(tmpdir(), 'watchkeeper-bench-'))
    const simulator = await readyProcess([SIMULATOR, '--talosconfig-dir', folder])
    const talosconfig = join(folder, 'admin.talosconfig')
    const { context, contexts } = parse(await readFile(talosconfig, 'utf8'))
    const { endpoints, nodes, ca, crt, key } = contexts[context]
    const client = new Client(endpoints[0], credentials.createSsl(pem(ca), pem(key), pem(crt)))
    const metadata = new Metadata()
    metadata.set('node', nodes[0])
    const version = methodOf('machine.MachineService', 'Version')
    return {
      main: MAIN,
      flags: [],
      env: { TALOSCONFIG: talosconfig },
      // The server knows the nodes for ten seconds; then it asks for them too.
      look: { tool: 'version', args: { node: nodes[0] } },
      raw: () =>
        new Promise((resolve, reject) => {
          const { path, requestSerialize, responseDeserialize } = version
          client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, metadata, (error, answer) =>
            error ? reject(error) : resolve(answer),
          )
        }),
      async stop() {
        client.close()
        await simulator.stop()
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
}

function methodOf(service: string, name: string) {
  const method = loadProtos().services.find((one) => one.name === service)?.definition[name]
  if (!method) throw new Error(`the simulator has no ${service}/${name}`)
  return method
}

function pem(base64: string): Buffer {
  return Buffer.from(Buffer.from(base64, 'base64').toString().replaceAll('ED25519 PRIVATE KEY', 'PRIVATE KEY'))
}
