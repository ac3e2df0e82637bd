import { CallerError, oneLine, ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import type { Member, NodeState, TalosCluster } from './cluster.ts'
import { until } from './until.ts'

export type Following = {
  /** What was ordered, such as "reboot". */
  order: string
  node: Member
  actor: string
  signal: AbortSignal
  progress: (done: number, total?: number, message?: string) => void
}

/** Follows an order until the node runs again after another boot. Throws `timeout` when the call's time ends before. */
export async function untilBack(cluster: TalosCluster, before: NodeState, following: Following): Promise<NodeState> {
  const { node, signal, order } = following
  try {
    await followEvents(cluster, following)
    const back = await until(
      async () => {
        const now = await stateIfThere(cluster, node, signal)
        return now && now.bootId !== before.bootId && now.stage === 'running' ? now : undefined
      },
      { signal },
    )
    if (back) return back
  } catch (error) {
    if (!signal.aborted) throw error
  }
  throw new UpstreamError(
    'timeout',
    `${node.name} took the order (${order}) and was not back when the time ran out; probe_effect tells when it is.`,
  )
}

/** Follows an order until the node answers no more, while the cluster does. */
export async function untilGone(cluster: TalosCluster, following: Following): Promise<void> {
  const { node, signal, order } = following
  try {
    await followEvents(cluster, following)
    const gone = await until(async () => ((await stateIfThere(cluster, node, signal)) ? undefined : true), { signal })
    if (gone) return
  } catch (error) {
    if (!signal.aborted) throw error
  }
  throw new UpstreamError(
    'timeout',
    `${node.name} took the order (${order}) and still answered when the time ran out; probe_effect tells when it is off.`,
  )
}

async function followEvents(cluster: TalosCluster, { order, node, actor, signal, progress }: Following): Promise<void> {
  if (actor === '') return
  let seen = 0
  const last = await cluster.follow(
    node.address,
    actor,
    (event) => {
      seen += 1
      progress(seen, undefined, oneLine(event.summary, 200))
    },
    signal,
  )
  if (last?.sequence?.state === 'failed')
    throw new CallerError(
      'refused',
      `${node.name} began to ${order} and gave up: ${oneLine(last.sequence.error, 300)}.`,
    )
}

/** Undefined while the node cannot be reached, or is too busy coming up to say who it is. */
export async function stateIfThere(
  cluster: TalosCluster,
  { address }: Member,
  signal: AbortSignal,
): Promise<NodeState | undefined> {
  try {
    return await cluster.state(address, signal)
  } catch (error) {
    signal.throwIfAborted()
    const absent = error instanceof ToolError && ['unreachable', 'timeout', 'not_found'].includes(error.code)
    if (!absent) throw error
    return undefined
  }
}
