import { count, oneLine, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { GuestId } from '../arguments.ts'
import { effectIn } from '../marks.ts'
import { flag, iso, num, type Row, text } from '../rows.ts'
import { defineTool } from '../tool.ts'

export const snapshotsList = defineTool({
  name: 'snapshots_list',
  title: "List a guest's snapshots",
  effect: 'read',
  description: 'Snapshots of a guest, newest first, with age in hours; `effect` on those that this server made.',
  untrusted: true,
  input: z.strictObject({ guest: GuestId }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        name: z.string(),
        taken: z.string().optional(),
        age_hours: z.number().optional(),
        description: z.string().optional(),
        parent: z.string().optional(),
        with_memory: z.boolean(),
        effect: z.string().optional(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ guest }, cluster, { signal, now }) {
    const ref = await cluster.guest(guest, signal)
    const items = (await cluster.guestSnapshots(ref, signal))
      .filter((row) => text(row, 'name') !== 'current')
      .toSorted((a, b) => (num(b, 'snaptime') ?? 0) - (num(a, 'snaptime') ?? 0))
      .map((row) => snapshotView(row, now()))
    return { summary: `${count(items.length, 'snapshot')} of guest ${guest}.`, ...page(items, 100) }
  },
})

function snapshotView(row: Row, now: number) {
  const taken = num(row, 'snaptime')
  return {
    name: text(row, 'name') ?? '',
    taken: iso(taken),
    age_hours: taken === undefined ? undefined : Math.round((now / 1000 - taken) / 360) / 10,
    description: oneLine(text(row, 'description') ?? '', 300) || undefined,
    parent: text(row, 'parent'),
    with_memory: flag(row, 'vmstate'),
    effect: effectIn(text(row, 'description')),
  }
}
