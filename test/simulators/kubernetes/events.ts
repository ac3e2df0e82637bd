import { createHash } from 'node:crypto'
import { type KubeObject, timestamp } from './objects.ts'
import { resourceOfKind } from './resources.ts'
import type { Store } from './store.ts'

const EVENT = resourceOfKind('v1', 'Event')
/** Old events are forgotten, as a real cluster forgets them after an hour. */
const KEPT = 3_000

export interface Happening {
  about: KubeObject
  type: 'Normal' | 'Warning'
  reason: string
  message: string
  /** Who reports it: kubelet, deployment-controller … */
  component: string
  /** Within the object: `spec.containers{cart}`. */
  fieldPath?: string
}

export type RecordEvent = (happening: Happening) => void

/** Records what happens to objects as core/v1 Events; the same thing again raises the count of the one there is. */
export function createEvents(store: Store, now: () => number): RecordEvent {
  const order: { namespace: string; name: string }[] = []

  return function record({ about, type, reason, message, component, fieldPath }) {
    const { namespace = 'default', name, uid, resourceVersion } = about.metadata
    const id = createHash('sha1').update(`${uid} ${reason} ${message}`).digest('hex').slice(0, 16)
    const at = timestamp(now())
    const known = store.get(EVENT, namespace, `${name}.${id}`)
    if (known) {
      store.replace(EVENT, { ...known, count: Number(known.count) + 1, lastTimestamp: at })
      return
    }
    order.push({ namespace, name: `${name}.${id}` })
    const involvedObject = { kind: about.kind, apiVersion: about.apiVersion, namespace, name, uid, resourceVersion }
    store.create(EVENT, {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `${name}.${id}`, namespace },
      involvedObject: fieldPath ? { ...involvedObject, fieldPath } : involvedObject,
      reason,
      message,
      source: { component },
      firstTimestamp: at,
      lastTimestamp: at,
      count: 1,
      type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: '',
    })
    const oldest = order.length > KEPT ? order.shift() : undefined
    const stored = oldest && store.get(EVENT, oldest.namespace, oldest.name)
    if (stored) store.remove(EVENT, stored)
  }
}
