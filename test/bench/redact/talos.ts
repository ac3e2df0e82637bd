import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { snapshotFolder } from '../../../mcp-servers/talos/src/snapshot-folder.ts'
import { talosCluster } from '../../../mcp-servers/talos/src/talos-cluster.ts'
import { clusterAccess } from '../../../mcp-servers/talos/src/talos-config.ts'
import { tools } from '../../../mcp-servers/talos/src/tools/index.ts'
import { type SimulatedTalos, startTalos } from '../../simulators/talos/cluster.ts'
import { isWholeFile, type Secret } from '../redact-kinds.ts'
import { type RedactBench, servable } from './planted-server.ts'

const NODES = ['cp-1', 'cp-2', 'cp-3', 'worker-1', 'worker-2']
const SERVICES = ['apid', 'containerd', 'cri', 'kubelet', 'udevd']
/** One for each text. */
const PLACES = NODES.flatMap((node) => SERVICES.map((service) => ({ node, service })))
const TYPES = ['machineconfig', 'linkspec', 'manifest', 'registriesconfig', 'extensionserviceconfig', 'members']

/** Logs, the kernel's messages, what services say of themselves and the machine configuration carry every text. */
export const talosRedact: RedactBench = {
  server: 'talos',
  async start(texts) {
    const cluster = await startTalos()
    plant(cluster, texts)
    const folder = mkdtempSync(join(tmpdir(), 'watchkeeper-redact-'))
    const path = join(folder, 'talosconfig')
    writeFileSync(path, cluster.talosconfig('admin'), { mode: 0o600 })
    const [access] = clusterAccess({ env: { TALOSCONFIG: path }, contexts: [], readOnly: false })
    if (!access) throw new Error('the talosconfig has no context')
    const port = talosCluster(access, snapshotFolder(undefined), Date.now)
    const definition = {
      name: 'watchkeeper-talos',
      title: 'Watchkeeper for Talos Linux',
      version: '0',
      instructions: '',
      tools,
      ports: new Map([[access.name, port]]),
    }
    const keys = [access.reader.key.split('\n')[1] ?? '']
    const seeded = [...cluster.planted(), ...keys].map((text): Secret => ({ kind: 'seeded', text, hidden: [text] }))
    const cp1 = { node: 'cp-1' }
    const signal = AbortSignal.timeout(30_000)
    const resources = await Promise.all(
      TYPES.map(async (type) => {
        const { type: full = type, namespace = '' } = await definitionOf(port, type, signal)
        const found = await port.resources('10.5.0.11', { type: full, namespace }, signal)
        return found.map(({ id }) => ({ tool: 'resource_get', args: { ...cp1, type, id } }))
      }),
    )
    return {
      ...servable(definition),
      planted: [...texts, ...seeded],
      calls: [
        ...['clusters_list', 'cluster_overview', 'version', 'etcd_status'].map((tool) => ({ tool, args: {} })),
        { tool: 'health', args: { wait_seconds: 1 } },
        ...['node_describe', 'disks', 'network', 'resource_definitions'].map((tool) => ({ tool, args: cp1 })),
        ...NODES.flatMap((node) => [
          { tool: 'services', args: { node } },
          { tool: 'events', args: { node, limit: 200 } },
        ]),
        ...PLACES.flatMap((place) => [
          { tool: 'service_logs', args: { ...place, tail: 500 } },
          { tool: 'service_logs', args: { ...place, tail: 500, grep: 'a' } },
        ]),
        ...['cp-1', 'cp-2'].flatMap((node) => [
          { tool: 'dmesg', args: { node, tail: 500 } },
          { tool: 'dmesg', args: { node, tail: 500, grep: 'a' } },
        ]),
        ...TYPES.map((type) => ({ tool: 'resources_list', args: { ...cp1, type } })),
        ...resources.flat(),
      ],
      async stop() {
        await cluster.stop()
        rmSync(folder, { recursive: true, force: true })
      },
    }
  },
}

function plant(cluster: SimulatedTalos, texts: readonly Secret[]): void {
  for (const [at, { text: message }] of texts.entries()) {
    const { node = '', service = '' } = PLACES[at] ?? {}
    cluster.breakService(node, service, { message, stubborn: true })
    cluster.setLog(node, service, message.split('\n'))
  }
  for (const [node, whole] of [
    ['cp-1', false],
    ['cp-2', true],
  ] as const) {
    const said = texts.filter((one) => isWholeFile(one) === whole)
    cluster.setDmesg(
      node,
      said.flatMap(({ text }) => text.split('\n')),
    )
  }
  const [machine, ...others] = parseAllDocuments(cluster.config('cp-1').yaml)
  for (const { kind, text } of texts) {
    machine?.setIn(['machine', 'env', `NOTE_${kind.toUpperCase().replaceAll('-', '_')}`], text)
    machine?.setIn(['machine', 'nodeAnnotations', `note.example/${kind}`], text)
  }
  cluster.setConfig('cp-1', [machine, ...others].join(''))
}

type Port = ReturnType<typeof talosCluster>

/** The full name and the namespace of a type, from what the node says of its types. */
async function definitionOf(port: Port, alias: string, signal: AbortSignal) {
  const kind = { type: 'ResourceDefinitions.meta.cosi.dev', namespace: 'meta' }
  const found = (await port.resources('10.5.0.11', kind, signal)).map(({ spec }) => Object(spec))
  const { type, defaultNamespace } = found.find(({ aliases }) => aliases.includes(alias)) ?? {}
  return { type: type as string | undefined, namespace: defaultNamespace as string | undefined }
}
