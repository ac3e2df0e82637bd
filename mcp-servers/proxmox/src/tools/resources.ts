import { count, oneLine, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { limitOf, NodeName } from '../arguments.ts'
import { flag, num, type Row, share, text } from '../rows.ts'
import { defineTool } from '../tool.ts'

export const resources = defineTool({
  name: 'resources',
  title: 'List nodes, guests and storages',
  effect: 'read',
  description:
    'Everything in the cluster, or one kind (vm: containers too), with load. Lags some seconds: guest_get asks the node.',
  untrusted: true,
  input: z.strictObject({
    kind: z.enum(['vm', 'storage', 'node', 'sdn']).optional(),
    node: NodeName.optional(),
    status: z.string().max(20).optional().describe('running, offline …'),
    limit: limitOf(100, 500),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        id: z.string(),
        kind: z.string(),
        name: z.string().optional(),
        node: z.string().optional(),
        status: z.string().optional(),
        cpu: z.number().optional(),
        memory: z.number().optional(),
        disk: z.number().optional(),
        uptime: z.number().optional(),
        tags: z.string().optional(),
        lock: z.string().optional(),
        template: z.boolean().optional(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ kind, node, status, limit }, cluster, { signal }) {
    const rows = await cluster.resources(kind, signal)
    const found = rows
      .filter(
        (row) => (node === undefined || text(row, 'node') === node) && (!status || text(row, 'status') === status),
      )
      .map(resourceView)
      .toSorted((a, b) => a.kind.localeCompare(b.kind) || a.id.localeCompare(b.id, 'en', { numeric: true }))
    const running = found.filter((one) => one.status === 'running').length
    const guests = found.filter((one) => one.kind === 'qemu' || one.kind === 'lxc').length
    return {
      summary: `${count(found.length, 'resource')}${guests > 0 ? `, ${running} of ${count(guests, 'guest')} running` : ''}.`,
      ...page(found, limit),
    }
  },
})

function resourceView(row: Row) {
  return {
    id: oneLine(text(row, 'id') ?? '', 200),
    kind: text(row, 'type') ?? 'unknown',
    name: oneLine(text(row, 'name') ?? text(row, 'storage') ?? '', 200) || undefined,
    node: text(row, 'node'),
    status: text(row, 'status'),
    cpu: share(num(row, 'cpu'), 1),
    memory: share(num(row, 'mem'), num(row, 'maxmem')),
    disk: share(num(row, 'disk'), num(row, 'maxdisk')),
    uptime: num(row, 'uptime'),
    tags: text(row, 'tags'),
    lock: text(row, 'lock'),
    template: flag(row, 'template') || undefined,
  }
}
