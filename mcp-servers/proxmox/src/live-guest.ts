import { CallerError, ToolError } from '@watchkeeper/mcp-shared'
import type { GuestRef, ProxmoxCluster } from './cluster.ts'
import { shortHash } from './mask-config.ts'
import { child, flag, parts, type Row, text } from './rows.ts'
import { pause } from './wait.ts'

export type GuestState = 'running' | 'paused' | 'stopped'

/** A guest as it is now, asked of its node: `cluster/resources` lags too far behind to act on. */
export type LiveGuest = {
  ref: GuestRef
  status: Row
  config: Row
  state: GuestState
  lock: string | undefined
  tags: string[]
  template: boolean
  /** Another guest made under the same id has another one. */
  uid: string
  /** The state high availability wants it in, where it manages the guest. */
  ha: string | undefined
}

const TRIES = 4

/** Finds a guest and reads it. A guest that just moved is looked for again. Throws `not_found` when no node has it. */
export async function readGuest(cluster: ProxmoxCluster, id: number, signal: AbortSignal): Promise<LiveGuest> {
  for (let tried = 1; ; tried += 1) {
    const ref = await cluster.guest(id, signal)
    try {
      const [status, config] = await Promise.all([cluster.guestStatus(ref, signal), cluster.guestConfig(ref, signal)])
      return toLive(ref, status, config)
    } catch (error) {
      const moved = error instanceof ToolError && error.code === 'not_found'
      if (!moved || tried >= TRIES) throw error
      await pause(250 * tried, signal)
    }
  }
}

function toLive(ref: GuestRef, status: Row, config: Row): LiveGuest {
  const ha = child(status, 'ha')
  return {
    ref: { ...ref, name: text(status, 'name') ?? ref.name },
    status,
    config,
    state: stateOf(status),
    lock: text(status, 'lock') ?? text(config, 'lock'),
    tags: parts(text(config, 'tags') ?? text(status, 'tags')).map((tag) => tag.toLowerCase()),
    template: flag(config, 'template') || flag(status, 'template'),
    uid: `${ref.kind}/${ref.id}@${shortHash(birthOf(config))}`,
    ha: flag(ha, 'managed') ? (text(ha, 'state') ?? 'managed') : undefined,
  }
}

/** A paused machine counts as running to Proxmox VE; what QEMU itself says tells the two apart. */
function stateOf(status: Row): GuestState {
  if (text(status, 'status') !== 'running') return 'stopped'
  return /^(paused|suspended)$/.test(text(status, 'qmpstatus') ?? '') ? 'paused' : 'running'
}

/** What a guest keeps all its life: its SMBIOS uuid and time of creation, or the address of its first interface. */
function birthOf(config: Row): string {
  const uuid = /uuid=([0-9a-f-]+)/i.exec(text(config, 'smbios1') ?? '')?.[1]
  const created = /ctime=(\d+)/.exec(text(config, 'meta') ?? '')?.[1]
  const address = /([0-9A-F]{2}(?::[0-9A-F]{2}){5})/i.exec(text(config, 'net0') ?? '')?.[1]
  return [uuid, created, uuid || created ? undefined : address].map((part) => part ?? '').join('|')
}

/** "guest 100 (web)". */
export function nameOf({ ref }: Pick<LiveGuest, 'ref'>): string {
  return `guest ${ref.id}${ref.name ? ` (${ref.name})` : ''}`
}

/** The tag that says this guest must not be frozen or set back; undefined when it has none. */
export function protectedBy(live: LiveGuest, cluster: ProxmoxCluster): string | undefined {
  return live.tags.find((tag) => cluster.protectedTags.includes(tag))
}

export function refuse(why: string): never {
  throw new CallerError('refused', why)
}

/** What forbids any change: a template, or other work that holds a lock. `despite` names locks that do not matter. */
export function refuseIfBusy(live: LiveGuest, despite: readonly string[] = []): void {
  if (live.template) refuse(`${nameOf(live)} is a template: it can be cloned, not run or changed here.`)
  if (live.lock !== undefined && !despite.includes(live.lock))
    refuse(`${nameOf(live)} is locked (${live.lock}): something is at work on it. See tasks_list for what.`)
}
