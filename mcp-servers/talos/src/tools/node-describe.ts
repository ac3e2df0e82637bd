import { oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

export const nodeDescribe = defineTool({
  name: 'node_describe',
  title: 'Describe a node',
  effect: 'read',
  description:
    'One node: kind, addresses, version, stage and what is not met, boot time, load, memory, file systems nearly full, services that are not sound.',
  untrusted: true,
  input: z.strictObject({ node: NodeName }),
  output: z.object({
    summary: z.string(),
    node: z.string(),
    uid: z.string(),
    boot_id: z.string(),
    control_plane: z.boolean(),
    addresses: z.array(z.string()),
    version: z.string(),
    stage: z.string(),
    ready: z.boolean(),
    unmet: z.array(z.string()),
    booted_at: z.string(),
    load: z.array(z.number()),
    memory: z.object({ total: z.number(), available: z.number() }).describe('bytes'),
    full_mounts: z.array(z.object({ path: z.string(), used_percent: z.number() })),
    services: z.array(z.object({ id: z.string(), state: z.string(), health: z.string(), message: z.string() })),
  }),
  async run({ node: name }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    const { address } = node
    const [state, version, load, mounts, services] = await Promise.all([
      cluster.state(address, signal),
      cluster.version(address, signal),
      cluster.load(address, signal),
      cluster.mounts(address, signal),
      cluster.services(address, signal),
    ])
    const ill = services.filter(
      ({ health, state: is }) => health === 'unhealthy' || !['Running', 'Finished', 'Skipped'].includes(is),
    )
    const full = mounts
      .filter(({ bytes }) => bytes > 0)
      .map(({ path, bytes, available }) => ({ path, used_percent: Math.round((100 * (bytes - available)) / bytes) }))
      .filter(({ used_percent, path }) => used_percent >= 80 && !isImage(path))
    const trouble = [
      ...state.unmet,
      ...ill.map(({ id, state: is, health }) => `${id} is ${health === 'unhealthy' ? 'unhealthy' : is}`),
    ]
    const said = trouble.length > 0 ? `; ${oneLine(trouble.slice(0, 3).join(', '), 500)}` : ''
    return {
      summary: `${node.name} (${node.controlPlane ? 'control plane' : 'worker'}, ${version.tag}) is ${state.stage}${state.ready ? '' : ', not ready'}${said}.`,
      node: node.name,
      uid: state.uid,
      boot_id: state.bootId,
      control_plane: node.controlPlane,
      addresses: [...node.addresses].slice(0, 50),
      version: version.tag,
      stage: state.stage,
      ready: state.ready,
      unmet: state.unmet.slice(0, 20).map((text) => oneLine(text, 300)),
      booted_at: load.bootedAt,
      load: [...load.load],
      memory: { total: load.memoryTotal, available: load.memoryAvailable },
      full_mounts: full.slice(0, 20),
      services: ill
        .slice(0, 40)
        .map(({ id, state: is, health, message }) => ({ id, state: is, health, message: oneLine(message, 300) })),
    }
  },
})

/** Talos mounts its own images read-only, which are full by nature. */
function isImage(path: string): boolean {
  return path === '/' || /^\/(?:usr\/|opt\/)|squashfs|^\/proc|^\/sys|^\/etc/.test(path)
}
