import { CallerError, Change, type Probed } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Namespace, Rehearsal } from '../arguments.ts'
import {
  assertLive,
  changeAnswer,
  effectsOf,
  type HowToRun,
  markOf,
  nameOf,
  probeMark,
  unlessGone,
  untilStill,
} from '../change-object.ts'
import { AppliedKind } from '../changeable-kinds.ts'
import type { Cluster, ObjectRef } from '../cluster.ts'
import { at } from '../details.ts'
import { wellKnown } from '../kinds.ts'
import { Manifest, readManifest, refuseEscalation } from '../manifest.ts'
import { diffObjects, replacedDigest } from '../object-diff.ts'
import type { KubeObject } from '../objects.ts'
import { templateOf } from '../pod-hazards.ts'
import { defineTool } from '../tool.ts'

export const apply = defineTool({
  name: 'apply',
  title: 'Apply a manifest',
  effect: 'destructive',
  undoable: false,
  idempotent: true,
  description:
    'Server-side apply of one object: what the manifest leaves out stays. Refused when others manage its fields, unless force, and for pods that could take over their node.',
  input: z.strictObject({
    kind: AppliedKind,
    namespace: Namespace,
    name: Name,
    manifest: Manifest,
    force: z.boolean().default(false).describe('Take over fields that others manage.'),
    ...Rehearsal,
  }),
  output: Change,
  target: ({ kind, namespace, name }) => [kind.toLowerCase(), namespace, name],
  async run({ kind, namespace, name, manifest, force, dry_run: dryRun, precondition }, cluster, { signal, effect }) {
    const ref = { kind: wellKnown(kind), namespace, name }
    const wanted = { ref, manifest: await readManifest(manifest, ref), force }
    return untilStill(() => applyOnce(cluster, wanted, { dryRun, precondition, effect, signal }))
  },
  async probe({ kind, namespace, name, precondition }, cluster, { effect, signal }): Promise<Probed> {
    const ref = { kind: wellKnown(kind), namespace, name }
    if (precondition?.uid !== '') return probeMark(cluster, { ref, precondition, effect, signal })
    const made = await unlessGone(cluster.object<KubeObject>(ref, signal))
    if (effectsOf(made).includes(effect))
      return { state: 'done', because: `${nameOf(ref)} carries the mark of this effect` }
    return { state: 'not_done', because: `${nameOf(ref)} was not made by this effect` }
  },
})

type Wanted = { ref: ObjectRef; manifest: KubeObject; force: boolean }

/**
 * A rehearsal first, which finds conflicts with other managers and what would change. The real one carries the version that
 * was read and the mark; it may force, because the mark's own annotation is the one field left that another could hold.
 */
async function applyOnce(cluster: Cluster, { ref, manifest, force }: Wanted, how: HowToRun): Promise<Change> {
  const { dryRun, effect, signal } = how
  const live = await unlessGone(cluster.readForChange<KubeObject>(ref, signal))
  refuseEscalation(manifest, live, ref)
  if (live?.metadata?.deletionTimestamp) throw new CallerError('refused', `${nameOf(ref)} is being deleted.`)
  const { resourceVersion } = live?.metadata ?? {}
  const metadata = { ...manifest.metadata, ...(resourceVersion ? { resourceVersion } : {}) }
  const rehearsed = await cluster.apply<KubeObject>(ref, { ...manifest, metadata }, { dryRun: true, force }, signal)
  const next = { ...rehearsed, kind: ref.kind.kind }
  const values = { fields: replacedDigest(live, next) }
  assertLive(how.precondition, ref, live, values)
  const diff = diffObjects(live, next)
  if (!dryRun && effect) {
    const marked = { ...metadata, annotations: { ...metadata.annotations, ...markOf(live, effect) } }
    const options = { dryRun: false, force: live !== undefined }
    await cluster.apply(ref, { ...manifest, metadata: marked }, options, signal)
  }
  return changeAnswer(cluster, {
    ref,
    live,
    values,
    diff,
    summary: `${live ? 'change' : 'make'} ${nameOf(ref)} in ${ref.namespace} as the manifest has it.`,
    warnings: [
      ...(force ? ['Fields that others manage are taken over: they may write them back.'] : []),
      ...accountWarnings(manifest, live),
    ],
    undoable: false,
    undo: null,
    how,
  })
}

/** Pods have the rights of their service account, which a diff of many lines can hide. */
function accountWarnings(manifest: KubeObject, live: KubeObject | undefined): string[] {
  const [account, before] = [manifest, live].map((object) => at(templateOf(object), 'spec', 'serviceAccountName'))
  return account === undefined || account === before
    ? []
    : [`Its pods will have the rights of the service account "${String(account)}".`]
}
