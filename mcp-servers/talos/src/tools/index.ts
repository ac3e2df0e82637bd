import type { Tool } from '@watchkeeper/mcp-shared'
import { includes, type Role } from '../access.ts'
import type { TalosCluster } from '../cluster.ts'
import { clusterOverview } from './cluster-overview.ts'
import { clustersList } from './clusters-list.ts'
import { configDryRun } from './config-dry-run.ts'
import { configPatch } from './config-patch.ts'
import { disks } from './disks.ts'
import { dmesg } from './dmesg.ts'
import { etcdDefrag } from './etcd-defrag.ts'
import { etcdSnapshot } from './etcd-snapshot.ts'
import { etcdStatus } from './etcd-status.ts'
import { events } from './events.ts'
import { health } from './health.ts'
import { network } from './network.ts'
import { nodeDescribe } from './node-describe.ts'
import { reboot } from './reboot.ts'
import { resourceDefinitions } from './resource-definitions.ts'
import { resourceGet } from './resource-get.ts'
import { resourcesList } from './resources-list.ts'
import { rollback } from './rollback.ts'
import { serviceLogs } from './service-logs.ts'
import { serviceRestart } from './service-restart.ts'
import { serviceStart } from './service-start.ts'
import { serviceStop } from './service-stop.ts'
import { services } from './services.ts'
import { shutdown } from './shutdown.ts'
import { upgrade } from './upgrade.ts'
import { version } from './version.ts'

const reader: readonly Tool<TalosCluster>[] = [
  clustersList,
  clusterOverview,
  health,
  nodeDescribe,
  version,
  services,
  serviceLogs,
  dmesg,
  events,
  disks,
  network,
  etcdStatus,
  resourceDefinitions,
  resourcesList,
  resourceGet,
]
const operator: readonly Tool<TalosCluster>[] = [
  serviceRestart,
  etcdSnapshot,
  serviceStart,
  serviceStop,
  reboot,
  shutdown,
  etcdDefrag,
]
const admin: readonly Tool<TalosCluster>[] = [configDryRun, upgrade, rollback, configPatch]

/** Every tool of this server, in the order they are published: the looking first. */
export const tools: readonly Tool<TalosCluster>[] = [...reader, ...operator, ...admin]

/** The tools that a role can use: what Talos would refuse anyway is not even offered. */
export function toolsFor(roles: readonly (Role | undefined)[]): readonly Tool<TalosCluster>[] {
  const may = (needed: Role) => roles.some((role) => includes(role, needed))
  return [...reader, ...(may('os:operator') ? operator : []), ...(may('os:admin') ? admin : [])]
}
