import type { RecordEvent } from './events.ts'
import { type ActiveFault, type Fault, faultOn, restartedAt } from './faults.ts'
import { suffix } from './names.ts'
import { type KubeObject, type Pod, timestamp, type Workload, type WorkloadKind } from './objects.ts'
import { isClosed, preferredPlace } from './placing.ts'
import { announceHealth } from './pod-events.ts'
import { draftPod, type Health, podWithHealth } from './pods.ts'
import { type ResourceType, resourceOfKind } from './resources.ts'
import { ownerOf, REPLICA_SET, replicaSetOf, replicaSetsOf, reviseDeployment, templateHash } from './revisions.ts'
import { type Store, same } from './store.ts'
import { replicaSetStatus, workloadStatus } from './workload-status.ts'

const POD = resourceOfKind('v1', 'Pod')
const NODE = resourceOfKind('v1', 'Node')

export interface WorkloadLogs {
  current?: string[]
  previous?: string[]
}

interface Member {
  name: string
  /** Of the template it was made from. */
  hash: string
  health: Health
  restarts: number
}

interface Tracked {
  kind: WorkloadKind
  resource: ResourceType
  namespace: string
  name: string
  members: Map<string, Member>
  replicaSets: Set<string>
  hash?: string
  revision: number
  fault?: ActiveFault
  timer?: NodeJS.Timeout
  logs: WorkloadLogs
}

/** The controllers behind the API: they turn workloads into pods, and pods into what their faults make of them. */
export interface Workloads {
  /** Starts looking after a stored workload. `since` (unix ms) lets it have been running for a while already. */
  track(workload: Workload, options?: { since?: number }): void
  /** An accepted write to a workload. */
  changed(before: Workload, after: Workload): void
  removed(workload: KubeObject): void
  /** A pod was deleted or evicted by somebody: another takes its place. */
  podRemoved(pod: KubeObject): void
  breakWorkload(key: string, fault: Fault, needs?: string | number): void
  heal(key: string): void
  setLogs(key: string, logs: WorkloadLogs): void
  find(key: string): Workload | undefined
  /** How a pod fares and what its workload was told to log. */
  lookInto(pod: KubeObject): { health: Health; logs: WorkloadLogs }
  restarts(key: string): number
  /** Workloads with a fault, and their pods. */
  broken(): { workload: Workload; pods: Pod[] }[]
  stop(): void
}

export interface WorkloadDeps {
  store: Store
  record: RecordEvent
  now: () => number
  nodes: { name: string; ip: string }[]
  /** How long new pods take to replace old ones, ms. */
  rolloutMs: number
  /** How often a crashing container is started again, ms. */
  backOffMs: number
}

export function createWorkloads({ store, now, nodes, rolloutMs, backOffMs, ...deps }: WorkloadDeps): Workloads {
  const tracked = new Map<string, Tracked>()
  const owners = new Map<string, Tracked>()
  const broken = new Set<Tracked>()
  /** Kept beyond the life of the workload. */
  const restarted = new Map<string, number>()
  const workers = nodes.length > 1 ? nodes.slice(1) : nodes
  let placed = 0
  /** While a workload with a past is put in: what happened to it then is long forgotten. */
  let quiet = false
  const record: RecordEvent = (happening) => {
    if (!quiet) deps.record(happening)
  }
  const ticking = setInterval(crashAgain, backOffMs)
  ticking.unref()

  function locate(key: string): Tracked {
    const found = (['Deployment', 'StatefulSet', 'DaemonSet'] as const).flatMap(
      (kind) => tracked.get(`${kind}/${key}`) ?? [],
    )
    if (!found[0]) throw new Error(`the simulated cluster has no workload ${key}: add it first with addWorkload`)
    return found[0]
  }

  function read(item: Tracked): Workload | undefined {
    return store.get(item.resource, item.namespace, item.name) as Workload | undefined
  }

  function podOf(item: Tracked, name: string): Pod | undefined {
    return store.get(POD, item.namespace, name) as Pod | undefined
  }

  function podsOf(item: Tracked, wanted?: (member: Member) => boolean): Pod[] {
    const members = [...item.members.values()]
    return (wanted ? members.filter(wanted) : members).flatMap(({ name }) => podOf(item, name) ?? [])
  }

  function addPod(item: Tracked, workload: Workload, hash: string, name: string, at: number): Member {
    const owner = item.kind === 'Deployment' ? replicaSetOf(store, workload, hash) : workload
    const open = workers.filter(({ name }) => !isClosed(store.get(NODE, undefined, name)))
    const places = open.length > 0 ? open : workers
    const taken = item.kind === 'DaemonSet' ? podsOf(item).map((pod) => pod.spec.nodeName) : []
    const node =
      item.kind === 'DaemonSet'
        ? nodes.find(({ name }) => !taken.includes(name))
        : (preferredPlace(store, workload) ?? places[placed++ % places.length])
    if (!owner || !node) throw new Error(`nothing can own or hold a pod of ${item.namespace}/${item.name}`)
    const label = item.kind === 'Deployment' ? 'pod-template-hash' : 'controller-revision-hash'
    const labels = { [label]: item.kind === 'Deployment' ? hash : `${item.name}-${hash}` }
    if (item.kind === 'StatefulSet') labels['statefulset.kubernetes.io/pod-name'] = name
    const { namespace } = item
    const { template } = workload.spec
    const pod = store.create(POD, draftPod({ name, namespace, node, template, labels, owner: ownerOf(owner), at }))
    const member: Member = { name, hash, health: 'pending', restarts: 0 }
    item.members.set(name, member)
    owners.set(`${namespace}/${name}`, item)
    announceHealth(record, pod as Pod, 'pending')
    return member
  }

  function dropPod(item: Tracked, name: string): void {
    const pod = podOf(item, name)
    item.members.delete(name)
    owners.delete(`${item.namespace}/${name}`)
    if (!pod) return
    const container = pod.spec.containers[0]?.name ?? ''
    const message = `Stopping container ${container}`
    const fieldPath = `spec.containers{${container}}`
    record({ about: pod, type: 'Normal', reason: 'Killing', message, component: 'kubelet', fieldPath })
    store.remove(POD, pod)
  }

  function setHealth(item: Tracked, member: Member, health: Health, restarts: number, at: number): void {
    const pod = podOf(item, member.name)
    if (!pod) return
    member.health = health
    member.restarts = restarts
    announceHealth(record, store.replace(POD, podWithHealth(pod, health, restarts, at)) as Pod, health)
  }

  /** Moves the pods towards the spec; what takes time is finished by `settle`. */
  function reconcile(item: Tracked, since?: number): void {
    const workload = read(item)
    if (!workload) return
    const at = since ?? now()
    const hash = templateHash(workload)
    if (item.kind === 'Deployment' && item.hash !== hash) {
      item.revision += 1
      item.replicaSets.add(`${item.name}-${hash}`)
      reviseDeployment(store, workload, hash, item.revision, since === undefined ? undefined : timestamp(since))
    }
    item.hash = hash
    resize(item, workload, hash, at)
    const unfinished = [...item.members.values()].some((member) => member.health === 'pending' || member.hash !== hash)
    clearTimeout(item.timer)
    if (since !== undefined) settle(item, at)
    else if (unfinished) item.timer = setTimeout(() => settle(item, now()), rolloutMs)
    writeStatus(item, false)
  }

  function resize(item: Tracked, workload: Workload, hash: string, at: number): void {
    const wanted = item.kind === 'DaemonSet' ? nodes.length : (workload.spec.replicas ?? 1)
    if (item.kind === 'StatefulSet') {
      for (let ordinal = 0; ordinal < wanted; ordinal++) {
        const name = `${item.name}-${ordinal}`
        if (!item.members.has(name)) addPod(item, workload, hash, name, at)
      }
      for (const name of item.members.keys())
        if (Number(name.slice(item.name.length + 1)) >= wanted) dropPod(item, name)
      return
    }
    const replacesInPlace = item.kind === 'DaemonSet'
    const counted = [...item.members.values()].filter((member) => replacesInPlace || member.hash === hash)
    const before = counted.length
    for (let count = before; count < wanted; count++) addPod(item, workload, hash, podName(item, hash), at)
    const surplus = counted.sort((a, b) => rank(a) - rank(b)).slice(0, Math.max(0, before - wanted))
    for (const member of surplus) dropPod(item, member.name)
    if (wanted === 0) for (const name of [...item.members.keys()]) dropPod(item, name)
    if (item.kind === 'Deployment' && before !== wanted) tellScaling(workload, `${item.name}-${hash}`, before, wanted)
  }

  function tellScaling(about: Workload, replicaSet: string, from: number, to: number): void {
    const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${replicaSet} from ${from} to ${to}`
    record({ about, type: 'Normal', reason: 'ScalingReplicaSet', message, component: 'deployment-controller' })
  }

  function podName(item: Tracked, hash: string): string {
    return item.kind === 'Deployment' ? `${item.name}-${hash}-${suffix()}` : `${item.name}-${suffix()}`
  }

  /** New pods come up (or fail), and take the place of the old ones unless that would cost the last that work. */
  function settle(item: Tracked, at: number): void {
    const workload = read(item)
    if (!workload || item.hash === undefined) return
    const hash = item.hash
    const suffers = item.fault?.holds(workload) ? item.fault.kind : undefined
    if (item.fault?.kind === 'crash-loop' && !suffers) forgetFault(item)
    const old = [...item.members.values()].filter((member) => member.hash !== hash)
    if (item.kind !== 'Deployment') {
      for (const { name } of old) {
        dropPod(item, name)
        addPod(item, workload, hash, item.kind === 'StatefulSet' ? name : podName(item, hash), at)
      }
    }
    for (const member of item.members.values()) {
      if (member.hash === hash && member.health === 'pending')
        setHealth(item, member, suffers ?? 'ready', restartsOnArrival(suffers), at)
    }
    if (item.kind === 'Deployment') {
      const healthy = [...item.members.values()].every((member) => member.hash !== hash || member.health === 'ready')
      if (healthy || !old.some((member) => member.health === 'ready')) for (const { name } of old) dropPod(item, name)
    }
    writeStatus(item, suffers === 'rollout-stuck')
  }

  function writeStatus(item: Tracked, stuck: boolean): void {
    const workload = read(item)
    if (!workload || item.hash === undefined) return
    const hash = item.hash
    for (const replicaSet of replicaSetsOf(store, workload, item.replicaSets)) {
      const name = replicaSet.metadata.name
      const pods = podsOf(item, (member) => `${item.name}-${member.hash}` === name)
      const replicas = name === `${item.name}-${hash}` ? (workload.spec.replicas ?? 1) : pods.length
      const spec = { ...(replicaSet.spec as object), replicas }
      const status = replicaSetStatus(replicaSet, pods)
      if (!same([replicaSet.spec, replicaSet.status], [spec, status]))
        store.replace(REPLICA_SET, { ...replicaSet, spec, status })
    }
    const current = podsOf(item, (member) => member.hash === hash)
    const standing = {
      workload,
      pods: podsOf(item),
      current,
      hash,
      replicaSet: `${item.name}-${hash}`,
      stuck,
      at: now(),
    }
    const status = workloadStatus(standing)
    if (!same(workload.status, status)) store.replace(item.resource, { ...workload, status })
  }

  function crashAgain(): void {
    for (const item of broken) {
      for (const member of item.members.values()) {
        const { health, restarts } = member
        if (crashes(health)) setHealth(item, member, health, restarts + 1, now())
      }
    }
  }

  function forgetFault(item: Tracked): void {
    delete item.fault
    broken.delete(item)
  }

  return {
    track(workload, { since } = {}) {
      const { namespace = 'default', name } = workload.metadata
      const kind = workload.kind as WorkloadKind
      const resource = resourceOfKind('apps/v1', kind)
      const item: Tracked = {
        kind,
        resource,
        namespace,
        name,
        members: new Map(),
        replicaSets: new Set(),
        revision: 0,
        logs: {},
      }
      tracked.set(`${kind}/${namespace}/${name}`, item)
      quiet = since !== undefined
      reconcile(item, since)
      quiet = false
    },
    changed(before, after) {
      const item = tracked.get(`${after.kind}/${after.metadata.namespace}/${after.metadata.name}`)
      if (!item) return
      const key = `${item.namespace}/${item.name}`
      if (restartedAt(before) !== restartedAt(after)) restarted.set(key, (restarted.get(key) ?? 0) + 1)
      if (before.metadata.generation !== after.metadata.generation) reconcile(item)
    },
    removed(workload) {
      const key = `${workload.kind}/${workload.metadata.namespace}/${workload.metadata.name}`
      const item = tracked.get(key)
      if (!item) return
      clearTimeout(item.timer)
      tracked.delete(key)
      broken.delete(item)
      for (const name of [...item.members.keys()]) dropPod(item, name)
      for (const replicaSet of replicaSetsOf(store, workload as Workload, item.replicaSets))
        store.remove(REPLICA_SET, replicaSet)
    },
    podRemoved(pod) {
      const item = owners.get(`${pod.metadata.namespace}/${pod.metadata.name}`)
      if (!item) return
      item.members.delete(pod.metadata.name)
      owners.delete(`${pod.metadata.namespace}/${pod.metadata.name}`)
      reconcile(item)
    },
    breakWorkload(key, fault, needs) {
      const item = locate(key)
      let workload = read(item)
      if (!workload) throw new Error(`the simulated cluster has lost workload ${key}`)
      if (fault === 'rollout-stuck') workload = store.replace(item.resource, withNewRelease(workload)) as Workload
      item.fault = faultOn(workload, fault, needs)
      broken.add(item)
      if (fault === 'image-pull') for (const name of [...item.members.keys()]) dropPod(item, name)
      if (crashes(fault)) {
        for (const member of item.members.values()) setHealth(item, member, fault, member.restarts + 4, now())
      }
      reconcile(item)
      clearTimeout(item.timer)
      settle(item, now())
    },
    heal(key) {
      const item = locate(key)
      forgetFault(item)
      for (const member of item.members.values()) {
        if (member.health !== 'pending') setHealth(item, member, 'ready', member.restarts, now())
      }
      settle(item, now())
    },
    setLogs(key, logs) {
      locate(key).logs = logs
    },
    find: (key) => read(locate(key)),
    lookInto(pod) {
      const item = owners.get(`${pod.metadata.namespace}/${pod.metadata.name}`)
      return { health: item?.members.get(pod.metadata.name)?.health ?? 'ready', logs: item?.logs ?? {} }
    },
    restarts: (key) => restarted.get(key) ?? 0,
    broken() {
      return [...broken].flatMap((item) => {
        const workload = read(item)
        return workload ? [{ workload, pods: podsOf(item) }] : []
      })
    },
    stop() {
      clearInterval(ticking)
      for (const item of tracked.values()) clearTimeout(item.timer)
    },
  }
}

function crashes(health: Health): boolean {
  return health === 'crash-loop' || health === 'crash-loop-stubborn' || health === 'oom'
}

/** A container that fails at once has been started again before anybody looks. */
function restartsOnArrival(fault: Fault | undefined): number {
  return fault !== undefined && crashes(fault) ? 1 : 0
}

/** Which pods go first when there are too many: those that do not work. */
function rank(member: Member): number {
  return member.health === 'ready' ? 1 : 0
}

/** The workload with the release that will never become ready. */
function withNewRelease(workload: Workload): Workload {
  const { template } = workload.spec
  const [first, ...others] = template.spec.containers
  if (!first) return workload
  const env = [...(first.env ?? []).filter(({ name }) => name !== 'RELEASE'), { name: 'RELEASE', value: suffix(8) }]
  const containers = [{ ...first, env }, ...others]
  return { ...workload, spec: { ...workload.spec, template: { ...template, spec: { ...template.spec, containers } } } }
}
