/** A field: its number on the wire and its type, `[]` after it when repeated. */
export type FieldSpec = readonly [number: number, type: string]
export type MessageSpec = Readonly<Record<string, FieldSpec>>

const EMPTY: MessageSpec = {}
const metadata: FieldSpec = [1, 'common.Metadata']

/** The reply of a unary MachineService method: one message for each node asked, which here is always one. */
function replies(type: string): MessageSpec {
  return { messages: [1, `${type}[]`] }
}

/**
 * The messages of the Talos API that this server sends or reads, with only the fields it uses.
 *
 * Compatibility on the wire is by number alone: fields that are not here are skipped by protobuf. Source: the `.proto`
 * files under `api/` of Talos Linux 1.13.
 */
export const MESSAGES: Readonly<Record<string, MessageSpec>> = {
  'google.protobuf.Empty': EMPTY,
  'google.protobuf.Timestamp': { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  'google.protobuf.Duration': { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  'google.protobuf.Any': { type_url: [1, 'string'], value: [2, 'bytes'] },
  'common.Metadata': { hostname: [1, 'string'], error: [2, 'string'] },
  'common.Error': { code: [1, 'int32'], message: [2, 'string'] },
  'common.Data': { metadata, bytes: [2, 'bytes'] },
  'common.ContainerdInstance': { driver: [1, 'common.ContainerDriver'], namespace: [2, 'common.ContainerdNamespace'] },

  'machine.VersionResponse': replies('machine.Version'),
  'machine.Version': {
    metadata,
    version: [2, 'machine.VersionInfo'],
    platform: [3, 'machine.PlatformInfo'],
    features: [4, 'machine.FeaturesInfo'],
  },
  'machine.VersionInfo': { tag: [1, 'string'], sha: [2, 'string'], built: [3, 'string'], arch: [6, 'string'] },
  'machine.PlatformInfo': { name: [1, 'string'], mode: [2, 'string'] },
  'machine.FeaturesInfo': { rbac: [1, 'bool'] },
  'machine.LoadAvgResponse': replies('machine.LoadAvg'),
  'machine.LoadAvg': { metadata, load1: [2, 'double'], load5: [3, 'double'], load15: [4, 'double'] },
  'machine.MemoryResponse': replies('machine.Memory'),
  'machine.Memory': { metadata, meminfo: [2, 'machine.MemInfo'] },
  'machine.MemInfo': { memtotal: [1, 'uint64'], memfree: [2, 'uint64'], memavailable: [3, 'uint64'] },
  'machine.SystemStatResponse': replies('machine.SystemStat'),
  'machine.SystemStat': { metadata, boot_time: [2, 'uint64'] },
  'machine.MountsResponse': replies('machine.Mounts'),
  'machine.Mounts': { metadata, stats: [2, 'machine.MountStat[]'] },
  'machine.MountStat': {
    filesystem: [1, 'string'],
    size: [2, 'uint64'],
    available: [3, 'uint64'],
    mounted_on: [4, 'string'],
  },
  'machine.DiskStatsResponse': replies('machine.DiskStats'),
  'machine.DiskStats': { metadata, devices: [3, 'machine.DiskStat[]'] },
  'machine.DiskStat': {
    name: [1, 'string'],
    read_completed: [2, 'uint64'],
    read_sectors: [4, 'uint64'],
    write_completed: [6, 'uint64'],
    write_sectors: [8, 'uint64'],
    io_in_progress: [10, 'uint64'],
    io_time_ms: [11, 'uint64'],
  },
  'storage.DisksResponse': replies('storage.Disks'),
  'storage.Disks': { metadata, disks: [2, 'storage.Disk[]'] },
  'storage.Disk': {
    size: [1, 'uint64'],
    model: [2, 'string'],
    device_name: [3, 'string'],
    serial: [5, 'string'],
    type: [9, 'storage.Disk.DiskType'],
    system_disk: [11, 'bool'],
    readonly: [13, 'bool'],
  },

  'machine.ServiceListResponse': replies('machine.ServiceList'),
  'machine.ServiceList': { metadata, services: [2, 'machine.ServiceInfo[]'] },
  'machine.ServiceInfo': {
    id: [1, 'string'],
    state: [2, 'string'],
    events: [3, 'machine.ServiceEvents'],
    health: [4, 'machine.ServiceHealth'],
  },
  'machine.ServiceEvents': { events: [1, 'machine.ServiceEvent[]'] },
  'machine.ServiceEvent': { msg: [1, 'string'], state: [2, 'string'], ts: [3, 'google.protobuf.Timestamp'] },
  'machine.ServiceHealth': {
    unknown: [1, 'bool'],
    healthy: [2, 'bool'],
    last_message: [3, 'string'],
    last_change: [4, 'google.protobuf.Timestamp'],
  },
  'machine.ServiceStartRequest': { id: [1, 'string'] },
  'machine.ServiceStartResponse': replies('machine.ServiceStart'),
  'machine.ServiceStart': { metadata, resp: [2, 'string'] },
  'machine.ServiceStopRequest': { id: [1, 'string'] },
  'machine.ServiceStopResponse': replies('machine.ServiceStop'),
  'machine.ServiceStop': { metadata, resp: [2, 'string'] },
  'machine.ServiceRestartRequest': { id: [1, 'string'] },
  'machine.ServiceRestartResponse': replies('machine.ServiceRestart'),
  'machine.ServiceRestart': { metadata, resp: [2, 'string'] },

  'machine.LogsRequest': {
    namespace: [1, 'string'],
    id: [2, 'string'],
    driver: [3, 'common.ContainerDriver'],
    follow: [4, 'bool'],
    tail_lines: [5, 'int32'],
  },
  'machine.DmesgRequest': { follow: [1, 'bool'], tail: [2, 'bool'] },
  'machine.EventsRequest': {
    tail_events: [1, 'int32'],
    tail_id: [2, 'string'],
    tail_seconds: [3, 'int32'],
    with_actor_id: [4, 'string'],
  },
  'machine.Event': { metadata, data: [2, 'google.protobuf.Any'], id: [3, 'string'], actor_id: [4, 'string'] },
  // What the `Any` of an event holds, by its type URL.
  'machine.SequenceEvent': { sequence: [1, 'string'], action: [2, 'int32'], error: [3, 'common.Error'] },
  'machine.PhaseEvent': { phase: [1, 'string'], action: [2, 'int32'] },
  'machine.TaskEvent': { task: [1, 'string'], action: [2, 'int32'] },
  'machine.ServiceStateEvent': { service: [1, 'string'], action: [2, 'int32'], message: [3, 'string'] },
  'machine.ConfigValidationErrorEvent': { error: [1, 'string'] },
  'machine.ConfigLoadErrorEvent': { error: [1, 'string'] },
  'machine.AddressEvent': { hostname: [1, 'string'], addresses: [2, 'string[]'] },
  'machine.MachineStatusEvent': { stage: [1, 'int32'] },

  'machine.EtcdMemberListRequest': { query_local: [1, 'bool'] },
  'machine.EtcdMemberListResponse': replies('machine.EtcdMembers'),
  'machine.EtcdMembers': { metadata, members: [3, 'machine.EtcdMember[]'] },
  'machine.EtcdMember': {
    id: [2, 'uint64'],
    hostname: [3, 'string'],
    peer_urls: [4, 'string[]'],
    is_learner: [6, 'bool'],
  },
  'machine.EtcdStatusResponse': replies('machine.EtcdStatus'),
  'machine.EtcdStatus': { metadata, member_status: [2, 'machine.EtcdMemberStatus'] },
  'machine.EtcdMemberStatus': {
    protocol_version: [1, 'string'],
    db_size: [2, 'int64'],
    db_size_in_use: [3, 'int64'],
    leader: [4, 'uint64'],
    raft_index: [5, 'uint64'],
    raft_term: [6, 'uint64'],
    raft_applied_index: [7, 'uint64'],
    errors: [8, 'string[]'],
    is_learner: [9, 'bool'],
    member_id: [10, 'uint64'],
  },
  'machine.EtcdAlarmListResponse': replies('machine.EtcdAlarm'),
  'machine.EtcdAlarm': { metadata, member_alarms: [2, 'machine.EtcdMemberAlarm[]'] },
  'machine.EtcdMemberAlarm': { member_id: [1, 'uint64'], alarm: [2, 'machine.EtcdMemberAlarm.AlarmType'] },
  'machine.EtcdSnapshotRequest': EMPTY,
  'machine.EtcdDefragmentResponse': replies('machine.EtcdDefragment'),
  'machine.EtcdDefragment': { metadata },

  'machine.RebootRequest': { mode: [1, 'machine.RebootRequest.Mode'] },
  'machine.RebootResponse': replies('machine.Reboot'),
  'machine.Reboot': { metadata, actor_id: [2, 'string'] },
  'machine.ShutdownRequest': { force: [1, 'bool'] },
  'machine.ShutdownResponse': replies('machine.Shutdown'),
  'machine.Shutdown': { metadata, actor_id: [2, 'string'] },
  'machine.RollbackRequest': EMPTY,
  'machine.RollbackResponse': replies('machine.Rollback'),
  'machine.Rollback': { metadata },
  'machine.UpgradeRequest': {
    image: [1, 'string'],
    preserve: [2, 'bool'],
    stage: [3, 'bool'],
    force: [4, 'bool'],
    reboot_mode: [5, 'machine.UpgradeRequest.RebootMode'],
  },
  'machine.UpgradeResponse': replies('machine.Upgrade'),
  'machine.Upgrade': { metadata, ack: [2, 'string'], actor_id: [3, 'string'] },
  'machine.ImageServicePullRequest': { containerd: [1, 'common.ContainerdInstance'], image_ref: [3, 'string'] },
  'machine.ImageServicePullResponse': { name: [1, 'string'] },
  'machine.InstallArtifactsSource': { image_name: [1, 'string'] },
  'machine.LifecycleServiceUpgradeRequest': {
    containerd: [1, 'common.ContainerdInstance'],
    source: [2, 'machine.InstallArtifactsSource'],
  },
  'machine.LifecycleServiceUpgradeResponse': { progress: [1, 'machine.LifecycleServiceInstallProgress'] },
  'machine.LifecycleServiceInstallProgress': { message: [1, 'string'], exit_code: [2, 'int32'] },
  'machine.ApplyConfigurationRequest': {
    data: [1, 'bytes'],
    mode: [4, 'machine.ApplyConfigurationRequest.Mode'],
    dry_run: [5, 'bool'],
    try_mode_timeout: [6, 'google.protobuf.Duration'],
  },
  'machine.ApplyConfigurationResponse': replies('machine.ApplyConfiguration'),
  'machine.ApplyConfiguration': {
    metadata,
    warnings: [2, 'string[]'],
    mode: [3, 'machine.ApplyConfigurationRequest.Mode'],
    mode_details: [4, 'string'],
  },

  'cluster.HealthCheckRequest': {
    wait_timeout: [1, 'google.protobuf.Duration'],
    cluster_info: [2, 'cluster.ClusterInfo'],
  },
  'cluster.ClusterInfo': { control_plane_nodes: [1, 'string[]'], worker_nodes: [2, 'string[]'] },
  'cluster.HealthCheckProgress': { metadata, message: [2, 'string'] },

  'cosi.resource.GetRequest': { namespace: [1, 'string'], type: [2, 'string'], id: [3, 'string'] },
  'cosi.resource.GetResponse': { resource: [1, 'cosi.resource.Resource'] },
  'cosi.resource.ListRequest': { namespace: [1, 'string'], type: [2, 'string'] },
  'cosi.resource.ListResponse': { resource: [1, 'cosi.resource.Resource'] },
  'cosi.resource.Resource': { metadata: [1, 'cosi.resource.Metadata'], spec: [2, 'cosi.resource.Spec'] },
  'cosi.resource.Metadata': {
    namespace: [1, 'string'],
    type: [2, 'string'],
    id: [3, 'string'],
    version: [4, 'string'],
    owner: [5, 'string'],
    phase: [6, 'string'],
    created: [7, 'google.protobuf.Timestamp'],
    updated: [8, 'google.protobuf.Timestamp'],
  },
  'cosi.resource.Spec': { yaml_spec: [2, 'string'] },
}

export const ENUMS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'common.ContainerDriver': { CONTAINERD: 0, CRI: 1 },
  'common.ContainerdNamespace': { NS_UNKNOWN: 0, NS_SYSTEM: 1, NS_CRI: 2 },
  'storage.Disk.DiskType': { UNKNOWN: 0, SSD: 1, HDD: 2, NVME: 3, SD: 4, CD: 5 },
  'machine.UpgradeRequest.RebootMode': { DEFAULT: 0, POWERCYCLE: 1 },
  'machine.RebootRequest.Mode': { DEFAULT: 0, POWERCYCLE: 1, FORCE: 2 },
  'machine.EtcdMemberAlarm.AlarmType': { NONE: 0, NOSPACE: 1, CORRUPT: 2 },
  'machine.ApplyConfigurationRequest.Mode': { REBOOT: 0, AUTO: 1, NO_REBOOT: 2, STAGED: 3, TRY: 4 },
}

/** Messages in which at most one of the fields is there, and 0 is not the same as absent. */
export const ONEOFS: Readonly<Record<string, { name: string; fields: readonly string[] }>> = {
  'machine.LifecycleServiceInstallProgress': { name: 'response', fields: ['message', 'exit_code'] },
}
