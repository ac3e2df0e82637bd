import { DryRun, IfStill } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { GuestId } from '../arguments.ts'
import { changeGuest, GuestChanged, type Planned } from '../change-guest.ts'
import type { Params, PowerAction, ProxmoxCluster } from '../cluster.ts'
import { type GuestState, type LiveGuest, nameOf, protectedBy, refuse, refuseIfBusy } from '../live-guest.ts'
import { probeGuest } from '../probe-guest.ts'

/** The arguments of every tool that changes one guest, and what it is on the deny list. */
export const changing = { guest: GuestId, dry_run: DryRun, precondition: IfStill }
export const PowerInput = z.strictObject(changing)
export const output = GuestChanged

export function targetOf({ guest }: { guest: number }): readonly string[] {
  return ['guest', String(guest)]
}

export type Power = {
  action: PowerAction
  /** `qmstart` and its kin, with those of high availability. */
  types: readonly string[]
  /** The states in which it can be asked for; anything else is refused with the reason. */
  from: readonly GuestState[]
  /** What the guest is afterwards; a restart ends where it began and says what happened instead. */
  to: string
  verb: string
  undoable: boolean
  /** The tool that leads back. */
  undo?: string
  params?: Params
  despiteLocks?: readonly string[]
  warnings?: (live: LiveGuest) => Promise<string[]> | string[]
  /** Further grounds on which it is refused. */
  check?: (live: LiveGuest) => void
}

type Input = z.output<typeof PowerInput>
type Context = {
  signal: AbortSignal
  effect?: string
  progress: (done: number, total?: number, message?: string) => void
}

/** Asks one thing of a guest's power: preflight, precondition, the call, and its task to the end. */
export function changePower(cluster: ProxmoxCluster, power: Power, input: Input, context: Context) {
  const { guest, dry_run: dryRun, precondition } = input
  const { signal, effect, progress } = context
  const change = {
    types: power.types,
    undoable: power.undoable,
    plan: (live: LiveGuest) => planPower(cluster, power, live, signal),
  }
  return changeGuest(cluster, change, { guest, dryRun, precondition, effect, signal, progress })
}

async function planPower(
  cluster: ProxmoxCluster,
  power: Power,
  live: LiveGuest,
  signal: AbortSignal,
): Promise<Planned> {
  refuseIfBusy(live, power.despiteLocks)
  power.check?.(live)
  if (!power.from.includes(live.state))
    refuse(
      `${nameOf(live)} is ${live.state}: only one that is ${power.from.join(' or ')} can be asked to ${power.action}.`,
    )
  const member = power.action === 'start' || power.action === 'resume' ? undefined : protectedBy(live, cluster)
  return {
    before: { status: live.state },
    after: { status: power.to },
    warnings: [
      ...(live.ha ? [`High availability manages it (${live.ha}) and carries this out, or undoes it.`] : []),
      ...(member ? [`It has the tag ${member}: see first that etcd keeps its quorum without it.`] : []),
      ...((await power.warnings?.(live)) ?? []),
    ],
    undo: power.undo ? { tool: power.undo, arguments: { guest: live.ref.id } } : null,
    does: `${power.verb} ${nameOf(live)} on ${live.ref.node}`,
    act: () => cluster.power(live.ref, power.action, power.params ?? {}, signal),
  }
}

/** By its task, and where that does not decide by the state it led to. */
export function probePower(
  cluster: ProxmoxCluster,
  power: Pick<Power, 'types'>,
  { guest, precondition }: Input,
  { effect, signal }: { effect: string; signal: AbortSignal },
  reached?: GuestState,
) {
  const byState = (live: LiveGuest) => {
    if (reached === undefined) return undefined
    const because = `${nameOf(live)} is ${live.state}`
    return { state: live.state === reached ? ('done' as const) : ('not_done' as const), because }
  }
  return probeGuest(cluster, { guest, types: power.types, precondition, effect, signal, byState })
}
