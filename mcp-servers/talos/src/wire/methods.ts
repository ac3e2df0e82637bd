import type { Role } from '../access.ts'

export type MethodSpec = {
  request: string
  response: string
  /** The response is a stream. */
  stream?: true
  /** The least role that Talos lets call it. */
  needs: Role
}

const EMPTY = 'google.protobuf.Empty'

function machine(name: string, needs: Role, request = EMPTY): MethodSpec {
  return { request, response: `machine.${name}Response`, needs }
}

function asked(name: string, needs: Role): MethodSpec {
  return machine(name, needs, `machine.${name}Request`)
}

/** The methods this server calls, by their path without the leading slash. */
export const METHODS = {
  'machine.MachineService/Version': machine('Version', 'os:reader'),
  'machine.MachineService/LoadAvg': machine('LoadAvg', 'os:reader'),
  'machine.MachineService/Memory': machine('Memory', 'os:reader'),
  'machine.MachineService/SystemStat': machine('SystemStat', 'os:reader'),
  'machine.MachineService/Mounts': machine('Mounts', 'os:reader'),
  'machine.MachineService/DiskStats': machine('DiskStats', 'os:reader'),
  'machine.MachineService/ServiceList': machine('ServiceList', 'os:reader'),
  'machine.MachineService/Logs': {
    request: 'machine.LogsRequest',
    response: 'common.Data',
    stream: true,
    needs: 'os:reader',
  },
  'machine.MachineService/Dmesg': {
    request: 'machine.DmesgRequest',
    response: 'common.Data',
    stream: true,
    needs: 'os:reader',
  },
  'machine.MachineService/Events': {
    request: 'machine.EventsRequest',
    response: 'machine.Event',
    stream: true,
    needs: 'os:reader',
  },
  'machine.MachineService/EtcdMemberList': asked('EtcdMemberList', 'os:reader'),
  'machine.MachineService/EtcdStatus': machine('EtcdStatus', 'os:reader'),
  'machine.MachineService/EtcdAlarmList': machine('EtcdAlarmList', 'os:reader'),
  'machine.MachineService/EtcdSnapshot': {
    request: 'machine.EtcdSnapshotRequest',
    response: 'common.Data',
    stream: true,
    needs: 'os:operator',
  },
  'machine.MachineService/EtcdDefragment': machine('EtcdDefragment', 'os:operator'),
  'machine.MachineService/ServiceStart': asked('ServiceStart', 'os:operator'),
  'machine.MachineService/ServiceStop': asked('ServiceStop', 'os:operator'),
  'machine.MachineService/ServiceRestart': asked('ServiceRestart', 'os:operator'),
  'machine.MachineService/Reboot': asked('Reboot', 'os:operator'),
  'machine.MachineService/Shutdown': asked('Shutdown', 'os:operator'),
  'machine.MachineService/Rollback': asked('Rollback', 'os:admin'),
  'machine.MachineService/Upgrade': asked('Upgrade', 'os:admin'),
  'machine.MachineService/ApplyConfiguration': asked('ApplyConfiguration', 'os:admin'),
  'machine.ImageService/Pull': {
    request: 'machine.ImageServicePullRequest',
    response: 'machine.ImageServicePullResponse',
    stream: true,
    needs: 'os:admin',
  },
  'machine.LifecycleService/Upgrade': {
    request: 'machine.LifecycleServiceUpgradeRequest',
    response: 'machine.LifecycleServiceUpgradeResponse',
    stream: true,
    needs: 'os:admin',
  },
  'cluster.ClusterService/HealthCheck': {
    request: 'cluster.HealthCheckRequest',
    response: 'cluster.HealthCheckProgress',
    stream: true,
    needs: 'os:reader',
  },
  'storage.StorageService/Disks': { request: EMPTY, response: 'storage.DisksResponse', needs: 'os:reader' },
  'cosi.resource.State/Get': {
    request: 'cosi.resource.GetRequest',
    response: 'cosi.resource.GetResponse',
    needs: 'os:reader',
  },
  'cosi.resource.State/List': {
    request: 'cosi.resource.ListRequest',
    response: 'cosi.resource.ListResponse',
    stream: true,
    needs: 'os:reader',
  },
} satisfies Record<string, MethodSpec>

export type Method = keyof typeof METHODS
