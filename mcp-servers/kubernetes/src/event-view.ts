import { oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Cluster } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { Event } from './objects.ts'

export const EventView = z.object({
  at: z.string().nullable(),
  type: z.string(),
  reason: z.string(),
  object: z.string().describe('TYPE/NAME'),
  namespace: z.string().nullable(),
  message: z.string(),
  count: z.number(),
})
export type EventView = z.infer<typeof EventView>

export type EventQuery = {
  namespace?: string | undefined
  about?: { kind: string; name: string } | undefined
  type?: 'Normal' | 'Warning' | undefined
}

const PAGE = 500
const PAGES = 4

/** Events, newest first and stable in order. `truncated` when there were more than 2,000 to look through. */
export async function readEvents(
  cluster: Cluster,
  { namespace, about, type }: EventQuery,
  signal: AbortSignal,
): Promise<{ events: EventView[]; truncated: boolean }> {
  const terms = [
    ...(about ? [`involvedObject.kind=${about.kind}`, `involvedObject.name=${about.name}`] : []),
    ...(type ? [`type=${type}`] : []),
  ]
  const query = {
    kind: wellKnown('Event'),
    namespace,
    limit: PAGE,
    ...(terms.length > 0 ? { fields: terms.join(',') } : {}),
  }
  const events: Event[] = []
  let next: string | null = null
  for (let read = 0; read < PAGES; read += 1) {
    const found: Awaited<ReturnType<typeof cluster.objects<Event>>> = await cluster.objects<Event>(
      { ...query, ...(next ? { continue: next } : {}) },
      signal,
    )
    events.push(...found.items)
    next = found.next
    if (!next) break
  }
  const wanted = events.filter(
    ({ involvedObject, type: is }) =>
      (!about || (involvedObject?.kind === about.kind && involvedObject.name === about.name)) && (!type || is === type),
  )
  return { events: wanted.map(eventView).toSorted(newestFirst), truncated: next !== null }
}

export function eventView(event: Event): EventView {
  const { kind = 'Unknown', name = '', namespace } = event.involvedObject ?? {}
  return {
    at:
      event.series?.lastObservedTime ??
      event.lastTimestamp ??
      event.eventTime ??
      event.metadata?.creationTimestamp ??
      null,
    type: event.type ?? 'Normal',
    reason: oneLine(event.reason ?? '', 200),
    object: `${kind.toLowerCase()}/${name}`,
    namespace: namespace ?? event.metadata?.namespace ?? null,
    message: oneLine(event.message ?? '', 1_000),
    count: event.series?.count ?? event.count ?? 1,
  }
}

function newestFirst(a: EventView, b: EventView): number {
  return (
    (b.at ?? '').localeCompare(a.at ?? '') || a.object.localeCompare(b.object) || a.message.localeCompare(b.message)
  )
}
