import { firewallRules, permissions } from './access-tools.ts'
import { backupCreate } from './backup-create.ts'
import { clusterStatus } from './cluster-status.ts'
import { clustersList } from './clusters-list.ts'
import { guestConfigSet } from './guest-config-set.ts'
import { guestGet } from './guest-get.ts'
import { guestMigrate } from './guest-migrate.ts'
import { guestReboot, guestReset } from './guest-restart.ts'
import { guestResume, guestStart } from './guest-start.ts'
import { guestShutdown, guestStop, guestSuspend } from './guest-stop.ts'
import { guestAgentInfo, guestMetrics } from './guest-watch.ts'
import { nodeDisks, nodeJournal, nodeServices, nodeStatus } from './node-tools.ts'
import { resources } from './resources.ts'
import { snapshotCreate, snapshotDelete, snapshotRollback } from './snapshot-tools.ts'
import { snapshotsList } from './snapshots-list.ts'
import { backupsList, storageContent, storageList } from './storage-tools.ts'
import { taskGet, tasksList } from './task-tools.ts'

/** Every tool of this server, in the order they are published: the looking first. */
export const tools = [
  clustersList,
  clusterStatus,
  resources,
  nodeStatus,
  nodeServices,
  nodeJournal,
  nodeDisks,
  guestGet,
  guestMetrics,
  guestAgentInfo,
  snapshotsList,
  storageList,
  storageContent,
  backupsList,
  tasksList,
  taskGet,
  firewallRules,
  permissions,
  guestStart,
  guestResume,
  snapshotCreate,
  backupCreate,
  guestShutdown,
  guestReboot,
  guestStop,
  guestReset,
  guestSuspend,
  snapshotRollback,
  snapshotDelete,
  guestMigrate,
  guestConfigSet,
]
