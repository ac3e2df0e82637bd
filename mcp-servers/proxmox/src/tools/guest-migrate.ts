import { z } from 'zod'
import { NodeName, StorageId } from '../arguments.ts'
import { changeGuest, type Planned } from '../change-guest.ts'
import type { Params, ProxmoxCluster } from '../cluster.ts'
import { type LiveGuest, nameOf, refuse, refuseIfBusy } from '../live-guest.ts'
import { probeGuest } from '../probe-guest.ts'
import { flag, num, text, toRow, toRows } from '../rows.ts'
import { defineTool } from '../tool.ts'
import { volumesOf } from '../volumes.ts'
import { changing, output, targetOf } from './power.ts'

const TYPES = ['qmigrate', 'vzmigrate', 'hamigrate']

export const guestMigrate = defineTool({
  name: 'guest_migrate',
  title: 'Move a guest to another node',
  effect: 'destructive',
  undoable: true,
  idempotent: true,
  description:
    'Moves a guest: a running virtual machine live, a container by a restart. Checks first that the node is up and fits, and that nothing ties the guest to its own.',
  input: z.strictObject({
    ...changing,
    target: NodeName,
    target_storage: StorageId.optional().describe('For disks that lie on the node itself.'),
  }),
  output,
  target: targetOf,
  run({ guest, dry_run: dryRun, precondition, target, target_storage }, cluster, { signal, effect, progress }) {
    const plan = (live: LiveGuest) => planMigration(cluster, live, { target, storage: target_storage }, signal)
    return changeGuest(
      cluster,
      { types: TYPES, undoable: true, plan },
      { guest, dryRun, precondition, effect, signal, progress },
    )
  },
  probe({ guest, precondition, target }, cluster, { effect, signal }) {
    const byMark = ({ ref, lock }: LiveGuest) =>
      ref.node === target && lock !== 'migrate'
        ? { state: 'done' as const, because: `guest ${ref.id} is on ${target}` }
        : undefined
    const byState = ({ ref }: LiveGuest) => ({
      state: 'not_done' as const,
      because: `guest ${ref.id} is on ${ref.node}`,
    })
    return probeGuest(cluster, { guest, types: TYPES, precondition, effect, signal, byMark, byState })
  },
})

type Move = { target: string; storage: string | undefined }

async function planMigration(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  move: Move,
  signal: AbortSignal,
): Promise<Planned> {
  const { ref, state } = live
  if (live.lock !== undefined) refuseIfBusy(live)
  if (ref.node === move.target) refuse(`${nameOf(live)} is on ${move.target} already.`)
  await checkNode(cluster, live, move.target, signal)
  const { params, warnings } =
    ref.kind === 'qemu' ? await machine(cluster, live, move, signal) : await container(cluster, live, move, signal)
  return {
    before: { node: ref.node },
    after: { node: move.target },
    warnings: [...warnings, ...(live.ha ? [`High availability manages it (${live.ha}) and moves it itself.`] : [])],
    undo: { tool: 'guest_migrate', arguments: { guest: ref.id, target: ref.node } },
    does: `move ${nameOf(live)} (${state}) from ${ref.node} to ${move.target}`,
    act: () => cluster.migrate(ref, { target: move.target, ...params }, signal),
  }
}

async function checkNode(cluster: ProxmoxCluster, live: LiveGuest, target: string, signal: AbortSignal): Promise<void> {
  const nodes = await cluster.resources('node', signal)
  const node = nodes.find((row) => text(row, 'node') === target)
  if (!node) refuse(`There is no node ${target}; there are ${nodes.map((row) => text(row, 'node')).join(', ')}.`)
  if (text(node, 'status') !== 'online') refuse(`The node ${target} is ${text(node, 'status') ?? 'not online'}.`)
  const [used, all, wanted] = [num(node, 'mem'), num(node, 'maxmem'), num(live.status, 'maxmem')]
  const short = used !== undefined && all !== undefined && wanted !== undefined && all - used < wanted
  if (live.state !== 'stopped' && short) refuse(`The node ${target} has too little memory free for ${nameOf(live)}.`)
}

type Way = { params: Params; warnings: string[] }

/** Proxmox VE says itself what ties a virtual machine to its node. */
async function machine(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  { target, storage }: Move,
  signal: AbortSignal,
): Promise<Way> {
  const check = await cluster.migrationCheck(live.ref, target, signal)
  const tied = Array.isArray(check.local_resources) ? check.local_resources.map(String) : []
  if (tied.length > 0) refuse(`${nameOf(live)} uses devices of ${live.ref.node}: ${tied.slice(0, 10).join(', ')}.`)
  const why = toRow(toRow(check.not_allowed_nodes)[target])
  const missing = Array.isArray(why.unavailable_storages) ? why.unavailable_storages.map(String) : []
  if (missing.length > 0 && storage === undefined)
    refuse(`The node ${target} does not have ${missing.join(', ')}: give target_storage.`)
  if (missing.length === 0 && Object.keys(why).length > 0)
    refuse(`Proxmox VE does not allow it on ${target}: ${JSON.stringify(why).slice(0, 300)}`)
  const disks = toRows(check.local_disks).flatMap((row) => text(row, 'volid') ?? [])
  return {
    params: {
      online: live.state === 'stopped' ? undefined : true,
      'with-local-disks': disks.length > 0 ? true : undefined,
      targetstorage: storage,
    },
    warnings:
      disks.length > 0
        ? [
            `${disks.length} disks on the node itself are copied over the network, which takes long: ${disks.slice(0, 5).join(', ')}.`,
          ]
        : [],
  }
}

/** For containers nothing checks beforehand, so that their storages are looked for on the target here. */
async function container(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  { target, storage }: Move,
  signal: AbortSignal,
): Promise<Way> {
  const there = await cluster.storages(target, signal)
  const names = there
    .filter((row) => !('active' in row) || flag(row, 'active'))
    .flatMap((row) => text(row, 'storage') ?? [])
  const missing = volumesOf(live.config)
    .map((volume) => volume.storage)
    .filter((name) => !names.includes(name))
  if (storage !== undefined && !names.includes(storage)) refuse(`The node ${target} has no storage ${storage}.`)
  if (storage === undefined && missing.length > 0)
    refuse(`The node ${target} does not have ${missing.join(', ')}: give target_storage.`)
  const bound = Object.entries(live.config).find(([key, value]) => /^mp\d+$/.test(key) && String(value).startsWith('/'))
  if (bound) refuse(`${nameOf(live)} has a directory of ${live.ref.node} bound into it (${bound[0]}).`)
  const running = live.state === 'running'
  return {
    params: { restart: running || undefined, 'target-storage': storage },
    warnings: running ? ['Containers do not move while they run: it is shut down, moved and started.'] : [],
  }
}
