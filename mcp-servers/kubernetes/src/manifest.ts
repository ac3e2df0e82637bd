import { CallerError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { nameOf } from './change-object.ts'
import { APPLIED_KINDS } from './changeable-kinds.ts'
import type { ObjectRef } from './cluster.ts'
import { apiVersionOf } from './kinds.ts'
import type { KubeObject } from './objects.ts'
import { podHazards, templateOf } from './pod-hazards.ts'
import { protectedIn } from './protected-keys.ts'

export const Manifest = z.string().min(2).max(65_536).describe('One whole object as YAML or JSON.')

/** Far above any manifest that fits; YAML aliases can make a short text into a forest. */
const NODES = 20_000

/** Reads a manifest and holds it to the object it was announced as. Throws what is wrong with it in one sentence. */
export async function readManifest(text: string, ref: ObjectRef): Promise<KubeObject> {
  const object = await parse(text)
  if (object === null || typeof object !== 'object' || Array.isArray(object) || !('kind' in object))
    throw wrong('it must be one object with apiVersion, kind and metadata')
  if (countNodes(object, NODES) === 0) throw wrong(`it has more than ${NODES} fields`)
  const { kind, apiVersion, metadata = {}, status: _status, ...body } = object as KubeObject
  const { name, namespace = ref.namespace, labels, annotations, ...rest } = metadata
  const wanted = apiVersionOf(ref.kind)
  if (kind !== ref.kind.kind || apiVersion !== wanted)
    throw wrong(`it is ${String(apiVersion)} ${String(kind)}, not ${wanted} ${ref.kind.kind}`)
  if (name !== ref.name || namespace !== ref.namespace)
    throw wrong(`it is named ${String(namespace)}/${String(name)}, not ${ref.namespace}/${ref.name}`)
  const surplus = Object.keys(rest).filter((field) => !SERVERS_OWN.has(field))
  if (surplus.length > 0) throw wrong(`its metadata may hold labels and annotations, not ${surplus.join(', ')}`)
  const meta = { name, namespace, ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) }
  return { apiVersion: wanted, kind, metadata: meta as KubeObject['metadata'] & object, ...body }
}

/** What a copied live object still carries; it is left out. */
const SERVERS_OWN = new Set(['uid', 'resourceVersion', 'generation', 'creationTimestamp', 'managedFields', 'selfLink'])

/** Refuses what would give more power than the object has now: node access for pods, and keys that decide about others. */
export function refuseEscalation(manifest: KubeObject, live: KubeObject | undefined, ref: ObjectRef): void {
  if (!APPLIED_KINDS.some((kind) => kind === ref.kind.kind))
    throw new CallerError('refused', `${ref.kind.kind} is not among the kinds this server applies.`)
  const has = podHazards(templateOf(live))
  const added = podHazards(templateOf(manifest)).filter((hazard) => !has.includes(hazard))
  if (added.length > 0)
    throw new CallerError(
      'refused',
      `${nameOf(ref)} would gain ${added.join(', ')}, with which a pod can take over its node. Do that by hand.`,
    )
  const template = templateOf(manifest)
  const inner = template !== null && typeof template === 'object' ? (template as KubeObject).metadata : undefined
  const liveTemplate = templateOf(live)
  const liveInner = liveTemplate !== null && typeof liveTemplate === 'object' ? liveTemplate : {}
  const because =
    protectedIn(manifest.metadata, live?.metadata) ?? protectedIn(inner, (liveInner as KubeObject).metadata)
  if (because) throw new CallerError('refused', `This server does not write it: ${because}.`)
}

async function parse(text: string): Promise<unknown> {
  try {
    if (text.trimStart().startsWith('{')) return JSON.parse(text)
    // Loaded only here: JSON needs none of it.
    const { readYaml } = await import('./yaml-manifest.ts')
    return readYaml(text)
  } catch (error) {
    throw wrong(`it cannot be read (${error instanceof Error ? (error.message.split('\n')[0] ?? '') : 'no reason'})`)
  }
}

/** How many nodes are left of `budget` after counting all of the value; 0 when there are more. */
function countNodes(value: unknown, budget: number): number {
  if (budget <= 0) return 0
  if (value === null || typeof value !== 'object') return budget - 1
  let left = budget - 1
  for (const inner of Object.values(value)) {
    left = countNodes(inner, left)
    if (left <= 0) return 0
  }
  return left
}

function wrong(because: string): CallerError {
  return new CallerError('invalid', `The manifest does not fit: ${because}.`)
}
