import type { Access } from './access.ts'

/** A node of the cluster as its discovery, or else the talosconfig, knows it. */
export type Member = {
  name: string
  /** Where it is asked: what goes into the `node` metadata. */
  address: string
  addresses: readonly string[]
  controlPlane: boolean
  /** Talos's version as the member announces it; null when nothing did. */
  version: string | null
}

/** Who a node is, and since when it runs. */
export type NodeState = {
  /** Stays over reboots and upgrades; another one after the node was reset. */
  uid: string
  /** Another one after every boot. */
  bootId: string
  /** `running`, `booting`, `rebooting`, `upgrading` …. */
  stage: string
  ready: boolean
  /** What is not met, in Talos's words. */
  unmet: readonly string[]
}

export type NodeVersion = { tag: string; sha: string; built: string; arch: string; platform: string; mode: string }

export type NodeLoad = {
  load: readonly [number, number, number]
  memoryTotal: number
  memoryAvailable: number
  /** ISO 8601. */
  bootedAt: string
}

export type Service = {
  id: string
  /** `Running`, `Finished`, `Failed`, `Preparing` …. */
  state: string
  health: 'healthy' | 'unhealthy' | 'unknown'
  message: string
  /** When it last came into `Running`; null when Talos remembers none. ISO 8601. */
  startedAt: string | null
  events: readonly { at: string | null; state: string; message: string }[]
}

export type Disk = {
  name: string
  bytes: number
  model: string
  serial: string
  type: string
  system: boolean
  readonly: boolean
}

export type DiskUse = {
  name: string
  reads: number
  writes: number
  bytesRead: number
  bytesWritten: number
  inProgress: number
  busyMs: number
}

export type Mount = { source: string; path: string; bytes: number; available: number }

/** A COSI resource; `spec` is its parsed YAML. */
export type Resource = {
  namespace: string
  type: string
  id: string
  version: string
  phase: string
  owner: string
  /** ISO 8601. */
  created: string | null
  updated: string | null
  spec: unknown
}

export type ResourceKind = { namespace: string; type: string }

export type EtcdMember = { id: string; name: string; learner: boolean }

export type EtcdStatus = {
  id: string
  /** The leader's member id; "0" when there is none. */
  leader: string
  version: string
  bytes: number
  bytesInUse: number
  raftTerm: number
  raftIndex: number
  raftApplied: number
  learner: boolean
  errors: readonly string[]
}

export type EtcdAlarm = { member: string; alarm: string }

export type TalosEvent = {
  id: string
  actor: string
  /** `SequenceEvent`, `TaskEvent`, `ServiceStateEvent` …. */
  type: string
  summary: string
  /** Of a sequence only: how far it is. */
  sequence: { name: string; state: 'started' | 'ended' | 'failed'; error: string } | null
}

export type EventQuery = { tail: number; actor?: string | undefined }

export type ConfigMode = 'auto' | 'no_reboot' | 'try'
export type ConfigAnswer = { mode: string; details: string; warnings: readonly string[] }

export type SavedSnapshot = { file: string; bytes: number; sha256: string }

/**
 * One Talos cluster as the tools speak of it; every `node` is the address of one node. Reads use the reader's credential;
 * `machineConfig` and everything below it the operator's.
 *
 * Every method honours `signal` and throws a `ToolError`: `forbidden` with the role that is missing, `not_found`,
 * `refused` with Talos's own words, `conflict`, `unreachable`, `timeout`.
 */
export type TalosCluster = {
  /** The name of its context. */
  readonly name: string
  readonly reader: Access
  readonly operator: Access
  readonly endpoints: readonly string[]

  members(signal: AbortSignal): Promise<Member[]>
  state(node: string, signal: AbortSignal): Promise<NodeState>
  version(node: string, signal: AbortSignal): Promise<NodeVersion>
  load(node: string, signal: AbortSignal): Promise<NodeLoad>
  services(node: string, signal: AbortSignal): Promise<Service[]>
  /** The newest lines of a service's log, as they were written. */
  logs(node: string, query: { service: string; tail: number }, signal: AbortSignal): Promise<string>
  dmesg(node: string, signal: AbortSignal): Promise<string>
  /** The events a node remembers, oldest first. */
  events(node: string, query: EventQuery, signal: AbortSignal): Promise<TalosEvent[]>
  /** Follows what one actor does until its sequence ends or fails (then the event), or the node goes away (undefined). */
  follow(
    node: string,
    actor: string,
    onEvent: (event: TalosEvent) => void,
    signal: AbortSignal,
  ): Promise<TalosEvent | undefined>
  disks(node: string, signal: AbortSignal): Promise<Disk[]>
  diskUse(node: string, signal: AbortSignal): Promise<DiskUse[]>
  mounts(node: string, signal: AbortSignal): Promise<Mount[]>
  resources(node: string, kind: ResourceKind, signal: AbortSignal): Promise<Resource[]>
  resource(node: string, kind: ResourceKind, id: string, signal: AbortSignal): Promise<Resource>
  etcdMembers(node: string, signal: AbortSignal): Promise<EtcdMember[]>
  etcdStatus(node: string, signal: AbortSignal): Promise<EtcdStatus>
  etcdAlarms(node: string, signal: AbortSignal): Promise<EtcdAlarm[]>
  /** Talos's own health check, as the lines it says; `failed` is why it gave up, null when all was well. */
  health(
    node: string,
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<{ lines: readonly string[]; failed: string | null }>

  /** The machine configuration as its YAML, whole and unmasked, with its version. */
  machineConfig(node: string, signal: AbortSignal): Promise<{ yaml: string; version: number }>
  startService(node: string, service: string, signal: AbortSignal): Promise<string>
  stopService(node: string, service: string, signal: AbortSignal): Promise<string>
  restartService(node: string, service: string, signal: AbortSignal): Promise<string>
  /** Both answer the actor id whose events tell how it goes; empty where Talos gives none. */
  reboot(node: string, options: { powercycle: boolean }, signal: AbortSignal): Promise<string>
  shutdown(node: string, signal: AbortSignal): Promise<string>
  /** Installs this image and boots into it; `talos` is the version that runs, which decides the method. */
  upgrade(
    node: string,
    image: string,
    talos: string,
    onProgress: (message: string) => void,
    signal: AbortSignal,
  ): Promise<string>
  rollback(node: string, signal: AbortSignal): Promise<void>
  defragment(node: string, signal: AbortSignal): Promise<void>
  applyConfig(
    node: string,
    yaml: string,
    options: { mode: ConfigMode; dryRun: boolean; trySeconds: number },
    signal: AbortSignal,
  ): Promise<ConfigAnswer>
  /** Streams etcd's snapshot into the configured folder, under a name that carries `effect`. */
  saveSnapshot(node: string, label: { node: string; effect: string }, signal: AbortSignal): Promise<SavedSnapshot>
  /** The finished snapshot with this effect id. */
  findSnapshot(effect: string, signal: AbortSignal): Promise<SavedSnapshot | undefined>
  /** Remembers, for the life of this process, that a rehearsal with this effect id was made. */
  rehearsed(effect: string): void
  wasRehearsed(effect: string, signal: AbortSignal): Promise<boolean>
}
