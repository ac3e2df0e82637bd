import { z } from 'zod'
import { StorageId } from '../arguments.ts'
import { changeGuest, type Planned } from '../change-guest.ts'
import type { ProxmoxCluster } from '../cluster.ts'
import { type LiveGuest, nameOf, refuse, refuseIfBusy } from '../live-guest.ts'
import { effectIn, effectNote } from '../marks.ts'
import { probeGuest } from '../probe-guest.ts'
import { flag, num, parts, percent, share, text } from '../rows.ts'
import { defineTool } from '../tool.ts'
import { changing, output, targetOf } from './power.ts'

const FULL = 0.95
const NEARLY_FULL = 0.85
const TYPES = ['vzdump']

export const backupCreate = defineTool({
  name: 'backup_create',
  title: 'Back a guest up',
  effect: 'write',
  undoable: false,
  description:
    'Backs a guest up while it runs; prunes nothing. A backup that outlasts its grant goes on: probe_effect tells its end.',
  input: z.strictObject({ ...changing, storage: StorageId }),
  output,
  target: targetOf,
  run({ guest, dry_run: dryRun, precondition, storage }, cluster, { signal, effect, progress }) {
    const plan = (live: LiveGuest) => planBackup(cluster, live, storage, signal)
    return changeGuest(
      cluster,
      { types: TYPES, undoable: false, plan },
      { guest, dryRun, precondition, effect, signal, progress },
    )
  },
  probe({ guest, precondition, storage }, cluster, { effect, signal }) {
    const byMark = async (live: LiveGuest) => {
      const query = { content: 'backup', guest }
      const rows = await cluster.storageContent(live.ref.node, storage, query, signal)
      const own = rows.find((row) => effectIn(text(row, 'notes')) === effect)
      return (
        own && { state: 'done' as const, because: `the backup ${text(own, 'volid')} carries the mark of this effect` }
      )
    }
    const byState = () => ({
      state: 'not_done' as const,
      because: `no backup on ${storage} carries the mark of this effect`,
    })
    return probeGuest(cluster, { guest, types: TYPES, precondition, effect, signal, byMark, byState })
  },
})

async function planBackup(
  cluster: ProxmoxCluster,
  live: LiveGuest,
  name: string,
  signal: AbortSignal,
): Promise<Planned> {
  if (live.lock !== undefined) refuseIfBusy(live)
  const storage = (await cluster.storages(live.ref.node, signal)).find((row) => text(row, 'storage') === name)
  if (!storage || ('active' in storage && !flag(storage, 'active')))
    refuse(`The storage ${name} is not available on ${live.ref.node}.`)
  if (!parts(text(storage, 'content')).includes('backup')) refuse(`The storage ${name} does not take backups.`)
  const full = share(num(storage, 'used'), num(storage, 'total')) ?? 0
  if (full >= FULL) refuse(`The storage ${name} is ${percent(full)} full: make room first.`)
  const field = `backup on ${name}`
  return {
    before: { [field]: null },
    after: { [field]: 'a new one' },
    warnings: full >= NEARLY_FULL ? [`The storage ${name} is ${percent(full)} full.`] : [],
    undo: null,
    does: `back ${nameOf(live)} up to ${name}`,
    act(effect) {
      // Nothing is pruned: an extra backup must not cost an older one.
      const params = { storage: name, mode: 'snapshot', compress: 'zstd', remove: false }
      return cluster.backUp(live.ref, { ...params, 'notes-template': `{{guestname}}. ${effectNote(effect)}` }, signal)
    },
  }
}
