import { brief, count, oneLine, ToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { KindName, Name, Namespace } from '../arguments.ts'
import type { Cluster } from '../cluster.ts'
import { ContainerView, memoryLimit, podContainers, workloadContainers } from '../containers.ts'
import { at, detailsOf } from '../details.ts'
import { EventView, readEvents } from '../event-view.ts'
import { gitopsOwner } from '../gitops.ts'
import { builtInKind } from '../kinds.ts'
import type { KubeObject, Condition as ObjectCondition, Pod, Workload } from '../objects.ts'
import { PodView, podsOf, podView } from '../pods.ts'
import { readObject } from '../read-object.ts'
import { defineTool } from '../tool.ts'

const Condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  message: z.string().nullable(),
  since: z.string().nullable(),
})
const Owner = z.object({ kind: z.string(), name: z.string(), uid: z.string() })
const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet']
const SHOWN = 20

export const describeTool = defineTool({
  name: 'describe',
  title: 'Describe one object',
  effect: 'read',
  description:
    'What an object is and what happens to it: owners, conditions, containers with restarts and why they last ended, pods of a workload, events, and who manages it from a repository.',
  untrusted: true,
  input: z.strictObject({ kind: KindName, namespace: Namespace.optional(), name: Name }),
  output: z.object({
    summary: z.string(),
    object: z.object({
      kind: z.string(),
      namespace: z.string().nullable(),
      name: z.string(),
      uid: z.string(),
      created: z.string().nullable(),
    }),
    workload: z.string().nullable().describe('TYPE/NAME'),
    owners: z.array(brief(Owner)),
    phase: z.string().nullable(),
    node: z.string().nullable(),
    conditions: z.array(brief(Condition)),
    containers: z.array(ContainerView),
    limit: z.number().nullable().describe('memory limit in bytes; of the container last OOM-killed'),
    pods: z.array(brief(PodView)),
    events: z.array(brief(EventView)),
    details: z.record(z.string(), z.string()),
    gitops: brief(z.object({ owner: z.string(), by: z.string() })).nullable(),
    truncated: z.boolean(),
    total: z.number().describe('events'),
  }),
  async run({ kind: name, ...where }, cluster, { signal }) {
    const { kind, object } = await readObject<KubeObject>(cluster, { kind: name, ...where }, signal)
    const { metadata = {} } = object
    const about = { namespace: metadata.namespace, about: { kind: kind.kind, name: where.name } }
    const [events, owner, pods] = await Promise.all([
      readEvents(cluster, about, signal),
      kind.kind === 'Pod' ? owningWorkload(cluster, object, signal) : undefined,
      WORKLOADS.includes(kind.kind) ? podsOf(cluster, object as Workload, signal) : { pods: [], truncated: false },
    ])
    const containers = containersOf(kind.kind, object, pods.pods)
    const workload = WORKLOADS.includes(kind.kind)
      ? `${kind.kind.toLowerCase()}/${where.name}`
      : (owner?.workload ?? null)
    const seen = { kind: kind.kind, name: where.name, containers, events: events.events.length }
    return {
      summary: summarize(seen),
      object: {
        kind: kind.kind,
        namespace: metadata.namespace ?? null,
        name: where.name,
        uid: metadata.uid ?? '',
        created: metadata.creationTimestamp ?? null,
      },
      workload,
      owners: (metadata.ownerReferences ?? []).map(({ kind: of = '', name: by = '', uid = '' }) => ({
        kind: of,
        name: by,
        uid,
      })),
      phase: textAt(object.status, 'phase'),
      node: kind.kind === 'Pod' ? textAt(object.spec, 'nodeName') : null,
      conditions: conditionsOf(object.status).slice(0, SHOWN),
      containers,
      limit: memoryLimit(containers),
      pods: pods.pods.slice(0, SHOWN).map(podView),
      events: events.events.slice(0, SHOWN),
      details: detailsOf(kind.kind, object),
      gitops: gitopsOwner(metadata) ?? gitopsOwner(owner?.object.metadata),
      truncated: events.truncated || events.events.length > SHOWN || pods.truncated || pods.pods.length > SHOWN,
      total: events.events.length,
    }
  },
})

/** The workload a pod belongs to: through its ReplicaSet to the Deployment, or its owner itself; undefined for a bare pod or a Job. */
async function owningWorkload(cluster: Cluster, pod: KubeObject, signal: AbortSignal) {
  const namespace = pod.metadata?.namespace
  let object: KubeObject = pod
  for (let step = 0; step < 2; step += 1) {
    const owner = object.metadata?.ownerReferences?.find(({ controller }) => controller !== false)
    const kind = owner?.kind && owner.apiVersion?.startsWith('apps/') ? builtInKind(owner.kind) : undefined
    if (!kind || !owner?.name) return undefined
    const found = await cluster.object<KubeObject>({ kind, namespace, name: owner.name }, signal).catch(unseen)
    if (!found) return undefined
    object = found
    if (WORKLOADS.includes(kind.kind)) return { workload: `${kind.kind.toLowerCase()}/${owner.name}`, object }
  }
  return undefined
}

/** An owner that is gone or may not be read leaves the workload unknown; the pod is still worth describing. */
function unseen(error: unknown): undefined {
  if (error instanceof ToolError && (error.code === 'not_found' || error.code === 'forbidden')) return undefined
  throw error
}

function containersOf(kind: string, object: KubeObject, pods: readonly Pod[]): ContainerView[] {
  if (kind === 'Pod') return podContainers(object as Pod)
  if (!WORKLOADS.includes(kind)) return []
  return workloadContainers((object as Workload).spec?.template?.spec?.containers ?? [], pods)
}

function conditionsOf(status: unknown) {
  const found = at(status, 'conditions')
  return (Array.isArray(found) ? (found as ObjectCondition[]) : []).map(
    ({ type, status: is, reason, message, lastTransitionTime }) => ({
      type: type ?? '',
      status: is ?? '',
      reason: reason ?? null,
      message: message ? oneLine(message, 300) : null,
      since: lastTransitionTime ?? null,
    }),
  )
}

function textAt(part: unknown, field: string): string | null {
  const value = at(part, field)
  return typeof value === 'string' ? value : null
}

function summarize({
  kind,
  name,
  containers,
  events,
}: {
  kind: string
  name: string
  containers: ContainerView[]
  events: number
}): string {
  const troubled = containers.filter(({ ready }) => !ready)
  const restarts = containers.reduce((sum, container) => sum + container.restarts, 0)
  const killed = containers.find(({ last_reason }) => last_reason === 'OOMKilled')
  // What is cut off where room is short stands last.
  const parts = [
    killed ? `${containers.length > 1 ? `${killed.name} ` : ''}last killed for memory` : '',
    containers.length > 0
      ? `${containers.length - troubled.length} of ${count(containers.length, 'container')} ready`
      : '',
    restarts > 0 ? count(restarts, 'restart') : '',
    ...troubled.flatMap(({ name: container, state_reason }) => (state_reason ? `${container}: ${state_reason}` : [])),
    count(events, 'event'),
  ]
  return `${kind} ${name}: ${parts.filter(Boolean).join(', ')}.`
}
