import { randomUUID } from 'node:crypto'
import { type Draft, isRecord, type KubeObject, timestamp } from './objects.ts'
import type { ResourceType } from './resources.ts'
import { qualified } from './resources.ts'

export interface StoredChange {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  resource: ResourceType
  object: KubeObject
  version: number
}

/** Objects by resource and namespace. One counter gives every write its resourceVersion, as etcd does. */
export interface Store {
  get(resource: ResourceType, namespace: string | undefined, name: string): KubeObject | undefined
  /** In order of namespace and name; all namespaces when none is given. */
  list(resource: ResourceType, namespace?: string): KubeObject[]
  create(resource: ResourceType, draft: Draft): KubeObject
  /** Stores the next state of an object. The spec decides whether metadata.generation rises. */
  replace(resource: ResourceType, next: KubeObject): KubeObject
  remove(resource: ResourceType, object: KubeObject): void
  /** The newest resourceVersion. */
  version(): number
  /** Changes after a resourceVersion; undefined when they are no longer remembered. */
  since(version: number): StoredChange[] | undefined
  /** Calls back synchronously after every write. Returns how to stop that. */
  subscribe(listener: (change: StoredChange) => void): () => void
  /** The object as JSON, made once per state of it. */
  json(object: object): string
}

interface Shelf {
  objects: Map<string, KubeObject>
  sorted: string[] | undefined
}

const REMEMBERED = 4_000

export function createStore(now: () => number): Store {
  const shelves = new Map<string, Map<string, Shelf>>()
  const listeners = new Set<(change: StoredChange) => void>()
  const texts = new WeakMap<object, string>()
  let history: StoredChange[] = []
  let forgotten = 1_000
  let version = 1_000

  function shelf(resource: ResourceType, namespace: string): Shelf {
    const id = qualified(resource)
    const rows = shelves.get(id) ?? new Map<string, Shelf>()
    shelves.set(id, rows)
    const found = rows.get(namespace) ?? { objects: new Map(), sorted: undefined }
    rows.set(namespace, found)
    return found
  }

  function names(of: Shelf): string[] {
    of.sorted ??= [...of.objects.keys()].sort()
    return of.sorted
  }

  function announce(type: StoredChange['type'], resource: ResourceType, object: KubeObject): KubeObject {
    const change = { type, resource, object, version }
    history.push(change)
    if (history.length > REMEMBERED * 2) {
      const dropped = history.length - REMEMBERED
      forgotten = history[dropped - 1]?.version ?? forgotten
      history = history.slice(dropped)
    }
    for (const listener of listeners) listener(change)
    return object
  }

  return {
    get: (resource, namespace, name) => shelf(resource, namespace ?? '').objects.get(name),
    list(resource, namespace) {
      const rows = shelves.get(qualified(resource))
      if (!rows) return []
      const wanted = namespace === undefined ? [...rows.keys()].sort() : [namespace]
      return wanted.flatMap((key) => {
        const row = rows.get(key)
        return row ? names(row).flatMap((name) => row.objects.get(name) ?? []) : []
      })
    },
    create(resource, draft) {
      version += 1
      const object: KubeObject = {
        ...draft,
        metadata: {
          creationTimestamp: timestamp(now()),
          ...draft.metadata,
          ...(resource.generations ? { generation: 1 } : {}),
          uid: randomUUID(),
          resourceVersion: String(version),
        },
      }
      const row = shelf(resource, object.metadata.namespace ?? '')
      row.objects.set(object.metadata.name, object)
      row.sorted = undefined
      return announce('ADDED', resource, object)
    },
    replace(resource, next) {
      const row = shelf(resource, next.metadata.namespace ?? '')
      const current = row.objects.get(next.metadata.name)
      if (!current) throw new Error(`cannot replace ${resource.kind} ${next.metadata.name}: it is not stored`)
      version += 1
      const object = { ...next, metadata: { ...next.metadata, resourceVersion: String(version) } }
      const generation = nextGeneration(resource, current, next)
      if (generation !== undefined) object.metadata.generation = generation
      row.objects.set(object.metadata.name, object)
      return announce('MODIFIED', resource, object)
    },
    remove(resource, object) {
      const row = shelf(resource, object.metadata.namespace ?? '')
      if (!row.objects.delete(object.metadata.name)) return
      row.sorted = undefined
      version += 1
      const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } }
      announce('DELETED', resource, last)
    },
    version: () => version,
    since: (from) => (from < forgotten ? undefined : history.filter((change) => change.version > from)),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    json(object) {
      const known = texts.get(object)
      if (known !== undefined) return known
      const text = JSON.stringify(object)
      texts.set(object, text)
      return text
    },
  }
}

/** The generation an object would have after this write; undefined for kinds that do not count. */
export function nextGeneration(resource: ResourceType, current: KubeObject, next: KubeObject): number | undefined {
  if (!resource.generations) return undefined
  const before = current.metadata.generation ?? 1
  return same(current.spec, next.spec) ? before : before + 1
}

/** Whether two JSON values are equal, whatever the order of their keys. */
export function same(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, index) => same(item, right[index]))
  }
  if (!isRecord(left) || !isRecord(right)) return false
  const keys = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...keys].every((key) => same(left[key], right[key]))
}
