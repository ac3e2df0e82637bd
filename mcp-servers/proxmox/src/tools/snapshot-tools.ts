import { oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { SnapshotName } from '../arguments.ts'
import { changeGuest, type Planned } from '../change-guest.ts'
import type { ProxmoxCluster } from '../cluster.ts'
import { type LiveGuest, nameOf, protectedBy, refuse, refuseIfBusy } from '../live-guest.ts'
import { effectIn, effectNote } from '../marks.ts'
import { probeGuest } from '../probe-guest.ts'
import { flag, iso, num, percent, type Row, share, text } from '../rows.ts'
import { defineTool } from '../tool.ts'
import { canSnapshot, volumesOf } from '../volumes.ts'
import { changing, output, targetOf } from './power.ts'

/** Above this a snapshot, which grows with every write, may fill the storage and stop every guest on it. */
const FULL = 0.85
const MADE = ['qmsnapshot', 'vzsnapshot']
const DELETED = ['qmdelsnapshot', 'vzdelsnapshot']
const ROLLED_BACK = ['qmrollback', 'vzrollback']

export const snapshotCreate = defineTool({
  name: 'snapshot_create',
  title: 'Take a snapshot',
  effect: 'write',
  undoable: true,
  description:
    'Snapshots the disks of a guest, not its memory. Refused where a storage cannot, is 85 % full, or the guest is a member of etcd. Remove it within 72 hours.',
  input: z.strictObject({
    ...changing,
    name: SnapshotName.optional(),
    note: z.string().max(200).optional(),
  }),
  output,
  target: targetOf,
  run({ guest, dry_run: dryRun, precondition, name, note }, cluster, { signal, effect, progress }) {
    const plan = (live: LiveGuest) => planSnapshot(cluster, live, { name, note, effect }, signal)
    const change = { types: MADE, undoable: true, plan }
    return changeGuest(cluster, change, { guest, dryRun, precondition, effect, signal, progress })
  },
  probe({ guest, precondition }, cluster, { effect, signal }) {
    const byMark = async (live: LiveGuest) => {
      const own = (await cluster.guestSnapshots(live.ref, signal)).find(
        (row) => effectIn(text(row, 'description')) === effect,
      )
      if (!own) return undefined
      // Its entry is there from the start; the lock goes when it is complete.
      if (live.lock?.startsWith('snapshot'))
        return { state: 'unknown' as const, because: `the snapshot ${text(own, 'name')} is still being made` }
      return { state: 'done' as const, because: `the snapshot ${text(own, 'name')} carries the mark of this effect` }
    }
    return probeGuest(cluster, {
      guest,
      types: MADE,
      precondition,
      effect,
      signal,
      byMark,
      byState: () => ({ state: 'not_done', because: 'no snapshot carries the mark of this effect' }),
    })
  },
})

type Wanted = { name: string | undefined; note: string | undefined; effect: string | undefined }

async function planSnapshot(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  { name, note, effect }: Wanted,
  signal: AbortSignal,
): Promise<Planned> {
  refuseIfBusy(live)
  refuseMember(cluster, live, 'A snapshot of a member of etcd')
  const [snapshots, storages] = await Promise.all([
    cluster.guestSnapshots(live.ref, signal),
    cluster.storages(live.ref.node, signal),
  ])
  checkStorages(live, storages)
  const chosen = name ?? `wk_${(effect ?? 'EFFECT').slice(0, 8)}`
  if (chosen === 'current' || snapshots.some((row) => text(row, 'name') === chosen))
    refuse(`${nameOf(live)} has a snapshot named ${chosen} already: choose another name.`)
  const others = snapshots.filter((row) => text(row, 'name') !== 'current').length
  return {
    before: { snapshot: null },
    after: { snapshot: name ?? 'named after the effect' },
    warnings: [
      `It grows with every write: remove ${name ?? 'it'} with snapshot_delete within 72 hours.`,
      ...(others >= 3 ? [`It has ${others} snapshots already: each slows its disks down and takes space.`] : []),
    ],
    undo: { tool: 'snapshot_delete', arguments: { guest: live.ref.id, name: chosen } },
    does: `snapshot ${nameOf(live)} on ${live.ref.node}, without its memory`,
    act(mark) {
      const description = [effectNote(mark), ...(note ? [oneLine(note, 200)] : [])].join('\n')
      // Without RAM: quick, small, and a rollback boots from clean disks.
      const params = { snapname: chosen, description, ...(live.ref.kind === 'qemu' ? { vmstate: false } : {}) }
      return cluster.createSnapshot(live.ref, params, signal)
    },
  }
}

function refuseMember(cluster: ProxmoxCluster, live: LiveGuest, what: string): void {
  const tag = protectedBy(live, cluster)
  if (tag)
    refuse(
      `${what} is never made here: freezing it or setting it back breaks the cluster it serves (${nameOf(live)} has the tag ${tag}).`,
    )
}

/** Every volume must be on a storage that can snapshot it and has space left to grow into. */
function checkStorages(live: LiveGuest, storages: readonly Row[]): void {
  for (const volume of volumesOf(live.config)) {
    const storage = storages.find((row) => text(row, 'storage') === volume.storage)
    if (!storage || ('active' in storage && !flag(storage, 'active')))
      refuse(`The storage ${volume.storage} of ${volume.key} is not available on ${live.ref.node}.`)
    const type = text(storage, 'type')
    if (!canSnapshot(type, volume, live.ref.kind))
      refuse(
        `${volume.key} of ${nameOf(live)} is on ${volume.storage} (${type}${volume.format ? `, ${volume.format}` : ''}), which cannot make snapshots.`,
      )
    const full = share(num(storage, 'used'), num(storage, 'total')) ?? 0
    if (full >= FULL)
      refuse(`The storage ${volume.storage} is ${percent(full)} full; a snapshot needs it under ${percent(FULL)}.`)
  }
}

export const snapshotDelete = defineTool({
  name: 'snapshot_delete',
  title: 'Delete a snapshot',
  effect: 'destructive',
  undoable: false,
  idempotent: true,
  description: 'Removes one snapshot of a guest and waits until its storage has merged it.',
  input: z.strictObject({ ...changing, name: SnapshotName }),
  output,
  target: targetOf,
  run({ guest, dry_run: dryRun, precondition, name }, cluster, { signal, effect, progress }) {
    const plan = async (live: LiveGuest): Promise<Planned> => {
      refuseIfBusy(live)
      const { own } = await findSnapshot(cluster, live, name, signal)
      const taken = iso(num(own, 'snaptime')) ?? 'an unknown time'
      const foreign = effectIn(text(own, 'description')) === undefined
      return {
        before: { [`snapshot ${name}`]: taken },
        after: { [`snapshot ${name}`]: null },
        warnings: foreign ? ['This snapshot was not made by this server: somebody may still want it.'] : [],
        undo: null,
        does: `delete the snapshot ${name} of ${nameOf(live)}, taken ${taken}`,
        act: () => cluster.deleteSnapshot(live.ref, name, signal),
      }
    }
    return changeGuest(
      cluster,
      { types: DELETED, undoable: false, plan },
      { guest, dryRun, precondition, effect, signal, progress },
    )
  },
  probe({ guest, precondition, name }, cluster, { effect, signal }) {
    const there = async (live: LiveGuest) =>
      (await cluster.guestSnapshots(live.ref, signal)).some((row) => text(row, 'name') === name)
    const byMark = async (live: LiveGuest) =>
      (await there(live))
        ? undefined
        : { state: 'done' as const, because: `${nameOf(live)} has no snapshot ${name} any more` }
    const byState = () => ({ state: 'not_done' as const, because: `the snapshot ${name} is still there` })
    return probeGuest(cluster, { guest, types: DELETED, precondition, effect, signal, byMark, byState })
  },
})

export const snapshotRollback = defineTool({
  name: 'snapshot_rollback',
  title: 'Roll back to a snapshot',
  effect: 'destructive',
  undoable: false,
  description:
    'Sets disks and configuration of a guest back to a snapshot; all written since is lost. The guest is stopped, and started again if `start`.',
  input: z.strictObject({ ...changing, name: SnapshotName, start: z.boolean().default(true) }),
  output,
  target: targetOf,
  run({ guest, dry_run: dryRun, precondition, name, start }, cluster, { signal, effect, progress }) {
    const plan = async (live: LiveGuest): Promise<Planned> => {
      refuseIfBusy(live)
      refuseMember(cluster, live, 'A rollback of a member of etcd')
      const { own, newer } = await findSnapshot(cluster, live, name, signal)
      await refuseBuried(cluster, live, name, newer, signal)
      const taken = iso(num(own, 'snaptime')) ?? 'an unknown time'
      return {
        before: { disks: 'as they are', status: live.state },
        after: { disks: `as of ${taken}`, status: start ? 'running' : 'stopped' },
        warnings: [
          `Everything written to its disks since ${taken} is lost.`,
          ...(live.state === 'stopped' ? [] : ['It is stopped for this, without being shut down.']),
          ...(live.ha ? [`High availability manages it (${live.ha}).`] : []),
        ],
        undo: null,
        does: `roll ${nameOf(live)} back to the snapshot ${name}, taken ${taken}`,
        act: () => cluster.rollBack(live.ref, name, { start }, signal),
      }
    }
    return changeGuest(
      cluster,
      { types: ROLLED_BACK, undoable: false, plan },
      { guest, dryRun, precondition, effect, signal, progress },
    )
  },
  probe({ guest, precondition }, cluster, { effect, signal }) {
    return probeGuest(cluster, { guest, types: ROLLED_BACK, precondition, effect, signal })
  },
})

async function findSnapshot(cluster: ProxmoxCluster, live: LiveGuest, name: string, signal: AbortSignal) {
  const all = await cluster.guestSnapshots(live.ref, signal)
  const own = name === 'current' ? undefined : all.find((row) => text(row, 'name') === name)
  if (!own) refuse(`${nameOf(live)} has no snapshot named ${name}.`)
  const newer = all.filter((row) => (num(row, 'snaptime') ?? 0) > (num(own, 'snaptime') ?? 0))
  return { own, newer: newer.flatMap((row) => text(row, 'name') ?? []).filter((other) => other !== 'current') }
}

/** ZFS goes back to its newest snapshot only: the ones after it would have to be deleted first. */
async function refuseBuried(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  name: string,
  newer: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (newer.length === 0) return
  const storages = await cluster.storages(live.ref.node, signal)
  const types = volumesOf(live.config).map(({ storage }) => storages.find((row) => text(row, 'storage') === storage))
  if (types.some((row) => row && text(row, 'type') === 'zfspool'))
    refuse(
      `${name} is not the newest snapshot of ${nameOf(live)} (${newer.join(', ')}), and ZFS rolls back to the newest only.`,
    )
}
