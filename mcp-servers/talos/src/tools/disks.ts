import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

const SHOWN = 60

export const disks = defineTool({
  name: 'disks',
  title: 'Disks and file systems of a node',
  effect: 'read',
  description: 'Disks with size, model and use since boot, and the file systems with how full they are.',
  input: z.strictObject({ node: NodeName }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        name: z.string(),
        bytes: z.number(),
        type: z.string(),
        model: z.string(),
        system: z.boolean(),
        readonly: z.boolean(),
        bytes_read: z.number().nullable(),
        bytes_written: z.number().nullable(),
        busy_ms: z.number().nullable(),
      }),
    ),
    mounts: z.array(
      z.object({
        path: z.string(),
        source: z.string(),
        bytes: z.number(),
        available: z.number(),
        used_percent: z.number(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node: name }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    const [all, use, mounted] = await Promise.all([
      cluster.disks(node.address, signal),
      cluster.diskUse(node.address, signal),
      cluster.mounts(node.address, signal),
    ])
    const mounts = mounted
      .filter(({ bytes }) => bytes > 0)
      .map((one) => ({ ...one, used_percent: Math.round((100 * (one.bytes - one.available)) / one.bytes) }))
      .toSorted((a, b) => b.used_percent - a.used_percent || a.path.localeCompare(b.path))
    const fullest = mounts[0]
    return {
      summary: `${count(all.length, 'disk')} on ${node.name}${fullest ? `; fullest is ${fullest.path} with ${fullest.used_percent} %` : ''}.`,
      items: all.slice(0, SHOWN).map(({ name: device, bytes, type, model, system, readonly }) => {
        const used = use.find((one) => `/dev/${one.name}` === device || one.name === device)
        return {
          name: device,
          bytes,
          type,
          model,
          system,
          readonly,
          bytes_read: used?.bytesRead ?? null,
          bytes_written: used?.bytesWritten ?? null,
          busy_ms: used?.busyMs ?? null,
        }
      }),
      mounts: mounts.slice(0, SHOWN),
      truncated: all.length > SHOWN || mounts.length > SHOWN,
      total: all.length,
    }
  },
})
