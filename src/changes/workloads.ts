import { z } from 'zod'
import type { Change } from '../domain/change.ts'
import { imageStep } from './images.ts'
import { isWithin, type Window } from './window.ts'

const History = z.object({
  items: z.array(
    z.object({
      revision: z.number(),
      current: z.boolean(),
      name: z.string(),
      created: z.string().nullable(),
      images: z.array(z.string()),
    }),
  ),
})
const Described = z.object({
  events: z.array(z.object({ at: z.string().nullable(), reason: z.string(), message: z.string() })),
  gitops: z.object({ owner: z.string(), by: z.string() }).nullable(),
})

export type GitOps = { owner: string; by: string }

export interface WorkloadLooks {
  name: string
  kind: string
  /** What `rollout_history` answered. */
  history: unknown
  /** What `describe` answered. */
  described: unknown
}

/** New revisions with their images, a step back to an old one, and changes of size. A missing answer is no change. */
export function workloadChanges({ name, kind, history, described }: WorkloadLooks, window: Window): Change[] {
  const revisions = (History.safeParse(history).data?.items ?? []).toSorted((a, b) => b.revision - a.revision)
  const rollouts = revisions.flatMap((revision, at): Change[] => {
    if (!isWithin(revision.created, window)) return []
    return [rollout(name, kind, revision, revisions[at + 1], revision.created)]
  })
  const scalings = (Described.safeParse(described).data?.events ?? []).filter(
    (event) => event.reason === 'ScalingReplicaSet' && isWithin(event.at, window),
  )
  const fresh = revisions.filter(({ created }) => isWithin(created, window))
  const back = stepBack(name, kind, revisions, scalings)
  // A rollout scales its ReplicaSets, which says nothing new.
  if (fresh.length > 0 || back) return [...rollouts, ...(back ? [back] : [])]
  return scalings.map(({ at, message }) => ({ at: at ?? '', what: `${name}: ${message}` }))
}

/** Who delivers the workload from a repository, where `describe` says so. */
export function gitOpsOf(described: unknown): GitOps | undefined {
  return Described.safeParse(described).data?.gitops ?? undefined
}

type Revision = z.infer<typeof History>['items'][number]
type Scaling = z.infer<typeof Described>['events'][number]

function rollout(name: string, kind: string, now: Revision, before: Revision | undefined, at: string): Change {
  return { at, what: imageStep(name, before?.images, now.images), note: revisionWords(kind, now.revision) }
}

/** An undo makes no ReplicaSet: the old one, with a new number, is scaled up again. */
function stepBack(name: string, kind: string, revisions: readonly Revision[], scalings: readonly Scaling[]) {
  const [now, before] = revisions
  const up = now?.current && scalings.find(({ message }) => message.startsWith(`Scaled up replica set ${now.name} `))
  if (!up || !before || !now.created || !before.created || now.created >= before.created) return undefined
  return {
    at: up.at ?? '',
    what: `${imageStep(name, before.images, now.images)}, back to an earlier version`,
    note: revisionWords(kind, now.revision),
  }
}

function revisionWords(kind: string, revision: number): string {
  return `${kind === 'deployment' ? 'ReplicaSet' : 'revision'} ${revision}`
}
