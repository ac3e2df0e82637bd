import type { Journal } from './journal.ts'
import type { Row } from './rows.ts'

export type GuestKind = 'qemu' | 'lxc'

/** A guest and where it is now. */
export type GuestRef = {
  id: number
  kind: GuestKind
  node: string
  name: string | undefined
}

export type ResourceKind = 'vm' | 'storage' | 'node' | 'sdn'
export type Timeframe = 'hour' | 'day' | 'week' | 'month' | 'year'
export type AgentQuestion = 'info' | 'get-osinfo' | 'network-get-interfaces'

export type TaskQuery = {
  node: string
  guest?: number | undefined
  /** A type such as `vzdump`. */
  type?: string | undefined
  errors?: boolean | undefined
  /** Unix seconds. */
  since?: number | undefined
  limit: number
}

export type TaskLog = { lines: string[]; total: number }

/** What can be asked of a guest's power; the API's own words. */
export type PowerAction = 'start' | 'shutdown' | 'stop' | 'reboot' | 'reset' | 'suspend' | 'resume'

/** Values of a form: booleans go out as 1 and 0, undefined not at all. */
export type Params = Readonly<Record<string, string | number | boolean | undefined>>

/**
 * One Proxmox VE cluster as the tools speak of it. Looking uses the reader's token; what changes something, the operator's.
 *
 * Every method honours `signal` and throws a `ToolError`: `not_found`, `forbidden` with the missing privilege, `invalid`,
 * `conflict`, `unreachable`. Rows have the fields of the API (https://pve.proxmox.com/pve-docs/api-viewer/).
 */
export type ProxmoxCluster = {
  readonly name: string
  /** Guests with one of these tags hold a member of etcd: no snapshots, no rollbacks. */
  readonly protectedTags: readonly string[]
  /** USER@REALM!ID of the token that changes things: the user of its tasks. */
  readonly operator: string
  /** Which tasks this process started, by effect id. */
  readonly journal: Journal

  version(signal: AbortSignal): Promise<Row>
  status(signal: AbortSignal): Promise<Row[]>
  haStatus(signal: AbortSignal): Promise<Row[]>
  cephStatus(signal: AbortSignal): Promise<Row>
  /** Everything in the cluster; lags some seconds behind. */
  resources(kind: ResourceKind | undefined, signal: AbortSignal): Promise<Row[]>

  nodeStatus(node: string, signal: AbortSignal): Promise<Row>
  nodeServices(node: string, signal: AbortSignal): Promise<Row[]>
  nodeJournal(node: string, query: { lines?: number; since?: number }, signal: AbortSignal): Promise<string[]>
  nodeDisks(node: string, signal: AbortSignal): Promise<Row[]>
  diskHealth(node: string, device: string, signal: AbortSignal): Promise<Row>
  storages(node: string, signal: AbortSignal): Promise<Row[]>
  storageContent(
    node: string,
    storage: string,
    query: { content?: string | undefined; guest?: number | undefined },
    signal: AbortSignal,
  ): Promise<Row[]>

  /** Finds a guest by its id wherever it is. Throws `not_found` when no node has it. */
  guest(id: number, signal: AbortSignal): Promise<GuestRef>
  guestStatus(guest: GuestRef, signal: AbortSignal): Promise<Row>
  guestConfig(guest: GuestRef, signal: AbortSignal): Promise<Row>
  guestPending(guest: GuestRef, signal: AbortSignal): Promise<Row[]>
  guestSnapshots(guest: GuestRef, signal: AbortSignal): Promise<Row[]>
  guestMetrics(guest: GuestRef, timeframe: Timeframe, signal: AbortSignal): Promise<Row[]>
  /** Asks the agent inside a virtual machine; the value of `result`. */
  guestAgent(guest: GuestRef, question: AgentQuestion, signal: AbortSignal): Promise<unknown>
  /** The interfaces of a container. */
  guestInterfaces(guest: GuestRef, signal: AbortSignal): Promise<Row[]>
  /** What stands in the way of a virtual machine's migration. */
  migrationCheck(guest: GuestRef, target: string, signal: AbortSignal): Promise<Row>
  /** Rules of a virtual machine, or of the whole cluster. */
  firewallRules(guest: GuestRef | undefined, signal: AbortSignal): Promise<Row[]>

  notBackedUp(signal: AbortSignal): Promise<Row[]>
  /** The newest tasks of all nodes. */
  recentTasks(signal: AbortSignal): Promise<Row[]>
  tasks(query: TaskQuery, signal: AbortSignal): Promise<Row[]>
  task(upid: string, signal: AbortSignal): Promise<Row>
  /** The last `lines` of a task's log. */
  taskLog(upid: string, lines: number, signal: AbortSignal): Promise<TaskLog>
  /** Privileges by path; `who` says whose. */
  permissions(who: 'reader' | 'operator', signal: AbortSignal): Promise<Row>

  /** These start a task and answer its UPID. */
  power(guest: GuestRef, action: PowerAction, params: Params, signal: AbortSignal): Promise<string>
  createSnapshot(guest: GuestRef, params: Params, signal: AbortSignal): Promise<string>
  deleteSnapshot(guest: GuestRef, snapshot: string, signal: AbortSignal): Promise<string>
  rollBack(guest: GuestRef, snapshot: string, params: Params, signal: AbortSignal): Promise<string>
  backUp(guest: GuestRef, params: Params, signal: AbortSignal): Promise<string>
  migrate(guest: GuestRef, params: Params, signal: AbortSignal): Promise<string>
  /** Sets values of the configuration at once; refused with `conflict` when its digest is another. */
  configure(guest: GuestRef, params: Params, signal: AbortSignal): Promise<void>
}
