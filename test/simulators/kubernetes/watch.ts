import type { ServerResponse } from 'node:http'
import { ApiError } from './api-error.ts'
import { selection, type View } from './reading.ts'
import { qualified } from './resources.ts'
import type { Route } from './route.ts'
import type { Store, StoredChange } from './store.ts'
import { toTable } from './tables.ts'

/**
 * Streams changes as JSON lines until the client leaves or `timeoutSeconds` have passed.
 *
 * Starts after the given resourceVersion; without one, with the objects there are. A version that is no longer
 * remembered is answered with 410, as after etcd's compaction.
 */
export function streamChanges(
  store: Store,
  route: Route,
  query: URLSearchParams,
  view: View,
  response: ServerResponse,
  now: () => number,
): void {
  const id = qualified(route.type)
  const wanted = selection(query)
  const from = Number(query.get('resourceVersion') ?? 0)

  function send(type: string, object: unknown): void {
    response.write(`${JSON.stringify({ type, object })}\n`)
  }

  function pass({ type, resource, object }: StoredChange): void {
    if (qualified(resource) !== id) return
    if (route.namespace !== undefined && object.metadata.namespace !== route.namespace) return
    if (route.name !== undefined && object.metadata.name !== route.name) return
    if (!wanted(object)) return
    const metadata = { resourceVersion: object.metadata.resourceVersion }
    send(type, view.table ? toTable(route.type, [object], { now: now(), include: view.include, metadata }) : object)
  }

  response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' })
  response.flushHeaders()
  const missed = from === 0 ? present(store, route) : store.since(from)
  if (!missed) {
    send('ERROR', new ApiError(410, 'Expired', `too old resource version: ${from} (${store.version()})`).status())
    response.end()
    return
  }
  for (const change of missed) pass(change)
  const unsubscribe = store.subscribe(pass)
  const seconds = Number(query.get('timeoutSeconds') ?? 0)
  const timer = seconds > 0 ? setTimeout(() => response.end(), seconds * 1000) : undefined
  response.on('close', () => {
    unsubscribe()
    clearTimeout(timer)
  })
}

function present(store: Store, { type, namespace }: Route): StoredChange[] {
  return store.list(type, namespace).map((object) => ({ type: 'ADDED', resource: type, object, version: 0 }))
}
