import type { TalosCluster } from './cluster.ts'
import type { SnapshotFolder } from './snapshot-folder.ts'
import { changing } from './talos-changing.ts'
import type { ClusterAccess } from './talos-config.ts'
import { connect } from './talos-connection.ts'
import { reading } from './talos-reading.ts'

/** A real cluster behind the port. Connects to nothing until it is asked something. */
export function talosCluster(
  { name, endpoints, nodes, reader, operator }: ClusterAccess,
  snapshots: SnapshotFolder,
  now: () => number,
): TalosCluster {
  const forReading = connect(name, endpoints, reader)
  const forChanges = reader === operator ? forReading : connect(name, endpoints, operator)
  return {
    name,
    reader: reader.access,
    operator: operator.access,
    endpoints,
    ...reading(forReading, { endpoints, nodes, now }),
    ...changing(forChanges, { cluster: name, snapshots, now }),
  }
}
