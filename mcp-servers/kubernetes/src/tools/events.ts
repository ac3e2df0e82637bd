import { CallerError, count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Namespace, TypeAndName } from '../arguments.ts'
import { EventView, readEvents } from '../event-view.ts'
import { defineTool } from '../tool.ts'

export const events = defineTool({
  name: 'events',
  title: 'Read events',
  effect: 'read',
  description: 'What the cluster reported lately, newest first: about one object, in a namespace, or everywhere.',
  untrusted: true,
  input: z.strictObject({
    namespace: Namespace.optional(),
    for: TypeAndName.optional().describe(
      'Only about this object: pod/cart-7d9f, node/worker-1. Namespaced ones need namespace.',
    ),
    type: z.enum(['Normal', 'Warning']).optional(),
    since_seconds: z.int().min(1).max(604_800).optional(),
    limit: z.int().min(1).max(200).default(50),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(EventView),
    truncated: z.boolean(),
    total: z.number(),
    next: z.null(),
  }),
  async run({ namespace, for: object, type, since_seconds, limit }, cluster, { signal, now }) {
    const [kindName = '', name = ''] = object?.split('/') ?? []
    const kind = object ? await cluster.kind(kindName, signal) : undefined
    if (kind?.namespaced && !namespace)
      throw new CallerError('invalid', `A ${kind.kind} lives in a namespace: say which.`)
    const query = {
      namespace: kind && !kind.namespaced ? undefined : namespace,
      type,
      ...(kind ? { about: { kind: kind.kind, name } } : {}),
    }
    const found = await readEvents(cluster, query, signal)
    const oldest = since_seconds === undefined ? undefined : now() - since_seconds * 1000
    const recent = found.events.filter(({ at }) => oldest === undefined || (at !== null && Date.parse(at) >= oldest))
    const shown = page(recent, limit)
    const warnings = recent.filter((event) => event.type === 'Warning').length
    return {
      summary: `${count(recent.length, 'event')}${object ? ` about ${object}` : ''}${namespace ? ` in ${namespace}` : ''}, ${warnings} of them warnings.`,
      items: shown.items,
      truncated: shown.truncated || found.truncated,
      total: shown.total,
      next: null,
    }
  },
})
