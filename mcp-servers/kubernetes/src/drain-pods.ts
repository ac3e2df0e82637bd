import { setTimeout as pause } from 'node:timers/promises'
import { CallerError, count, ToolError } from '@watchkeeper/mcp-shared'
import { unlessGone } from './change-object.ts'
import type { Cluster } from './cluster.ts'
import { wellKnown } from './kinds.ts'
import type { Node, Pod } from './objects.ts'
import { isControlPlane, otherNodes, podPath, type Sorted, usesEmptyDir } from './pods-on-node.ts'

/** How many evictions are asked for at once. */
const AT_ONCE = 8
const POLL = 500
const NAMED = 10

/** Throws `refused` for a drain that would lose something, get nowhere, or be stopped by a budget from the start. */
export async function refuseDrain(
  cluster: Cluster,
  { node, pods, deleteEmptyDir }: { node: string; pods: Sorted; deleteEmptyDir: boolean },
  signal: AbortSignal,
): Promise<void> {
  if ((await otherNodes(cluster, node, signal)).length === 0)
    refuse(`No other node takes pods, so those of ${node} would have nowhere to go.`)
  if (pods.bare.length > 0) refuse(`Nothing would make these pods of ${node} again: ${told(pods.bare)}.`)
  const emptyDirs = pods.evicted.filter(usesEmptyDir)
  if (emptyDirs.length > 0 && !deleteEmptyDir)
    refuse(`These pods would lose their emptyDir data: ${told(emptyDirs)}. Give delete_empty_dir to accept that.`)
  const { blocked } = await evictEach(cluster, pods.evicted, true, signal)
  if (blocked.size > 0) refuse(`${node} cannot be drained now: ${reasons(blocked)}`)
}

type DrainOptions = {
  node: string
  pods: Sorted
  waitSeconds: number
  signal: AbortSignal
  progress: (done: number, total?: number, message?: string) => void
}

/**
 * Evicts the pods, asking again while budgets wait for replacements, and waits until they have ended. Answers warnings about
 * pods that are still ending; throws `refused`, naming budgets, when some could not be evicted in time.
 */
export async function drainPods(cluster: Cluster, options: DrainOptions): Promise<string[]> {
  const { node, pods, waitSeconds, signal, progress } = options
  const until = performance.now() + waitSeconds * 1000
  const total = pods.evicted.length
  let waiting = pods.evicted
  let blocked = new Map<string, string>()
  while (waiting.length > 0) {
    blocked = (await evictEach(cluster, waiting, false, signal)).blocked
    waiting = waiting.filter((pod) => blocked.has(podPath(pod)))
    progress(total - waiting.length, total, `${total - waiting.length} of ${total} pods evicted`)
    if (waiting.length === 0 || performance.now() > until) break
    await pause(POLL, undefined, { signal })
  }
  if (waiting.length > 0)
    refuse(
      `${node} is closed and ${total - waiting.length} of ${count(total, 'pod')} were evicted, but not all: ${reasons(blocked)}`,
    )
  const ending = await untilGone(cluster, pods.evicted, until, signal)
  return ending.length > 0 ? [`${count(ending.length, 'pod')} still ending: ${told(ending)}.`] : []
}

async function untilGone(cluster: Cluster, pods: readonly Pod[], until: number, signal: AbortSignal): Promise<Pod[]> {
  let left = [...pods]
  for (;;) {
    const there = await Promise.all(left.map((pod) => isThere(cluster, pod, signal)))
    left = left.filter((_, at) => there[at])
    if (left.length === 0 || performance.now() > until) return left
    await pause(POLL, undefined, { signal })
  }
}

async function isThere(cluster: Cluster, pod: Pod, signal: AbortSignal): Promise<boolean> {
  const live = await unlessGone(cluster.object<Pod>(refOf(pod), signal))
  return live?.metadata?.uid === pod.metadata?.uid
}

/** Asks for each pod's eviction; `blocked` has what the API server said of those a budget protects. */
async function evictEach(cluster: Cluster, pods: readonly Pod[], dryRun: boolean, signal: AbortSignal) {
  const blocked = new Map<string, string>()
  for (let from = 0; from < pods.length; from += AT_ONCE)
    await Promise.all(
      pods.slice(from, from + AT_ONCE).map(async (pod) => {
        try {
          await cluster.evict(refOf(pod), { uid: pod.metadata?.uid ?? '', dryRun }, signal)
        } catch (error) {
          if (!(error instanceof ToolError)) throw error
          // Gone already, or another of the same name: either way this one has left.
          if (error.code === 'not_found' || error.code === 'conflict') return
          if (error.code !== 'refused') throw error
          blocked.set(podPath(pod), error.message)
        }
      }),
    )
  return { blocked }
}

/** What stays on the node, and what else a person should know. */
export function stayWarnings(node: Node, { skipped, evicted }: Sorted): string[] {
  const { daemons, mirrors, finished } = skipped
  const stay = [
    daemons.length > 0 ? `${count(daemons.length, 'pod')} of DaemonSets` : '',
    mirrors.length > 0 ? count(mirrors.length, 'static pod') : '',
    finished.length > 0 ? count(finished.length, 'finished pod') : '',
  ].filter(Boolean)
  return [
    ...(stay.length > 0 ? [`These stay: ${stay.join(', ')}.`] : []),
    ...(evicted.some(usesEmptyDir) ? ['The emptyDir data of its pods is lost.'] : []),
    ...(isControlPlane(node) ? ['It is a control-plane node.'] : []),
  ]
}

function refOf({ metadata }: Pod) {
  return { kind: wellKnown('Pod'), namespace: metadata?.namespace, name: metadata?.name ?? '' }
}

function told(pods: readonly Pod[]): string {
  const more = pods.length > NAMED ? ` and ${pods.length - NAMED} more` : ''
  return `${pods.slice(0, NAMED).map(podPath).join(', ')}${more}`
}

function reasons(blocked: ReadonlyMap<string, string>): string {
  const each = [...blocked].slice(0, NAMED).map(([pod, because]) => `${pod}: ${because}`)
  return each.join(' ')
}

function refuse(because: string): never {
  throw new CallerError('refused', because)
}
