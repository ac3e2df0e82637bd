import type { ToolRule } from '../rules.ts'

const looks: ToolRule = { effect: 'read', undoable: false }

/** What the agent itself knows of the tools of the Talos server. */
export const talosRules: Readonly<Record<string, ToolRule>> = {
  'talos.clusters_list': looks,
  'talos.cluster_overview': looks,
  'talos.health': looks,
  'talos.node_describe': looks,
  'talos.version': looks,
  'talos.services': looks,
  'talos.service_logs': looks,
  'talos.dmesg': looks,
  'talos.events': looks,
  'talos.disks': looks,
  'talos.network': looks,
  'talos.etcd_status': looks,
  'talos.resource_definitions': looks,
  'talos.resources_list': looks,
  'talos.resource_get': looks,
  'talos.probe_effect': looks,
  'talos.service_restart': { effect: 'write', undoable: false },
  'talos.etcd_snapshot': { effect: 'write', undoable: false },
  // Nothing is changed, so that there is nothing to undo either.
  'talos.config_dry_run': { effect: 'write', undoable: true },
  'talos.service_start': { effect: 'destructive', undoable: true },
  'talos.service_stop': { effect: 'destructive', undoable: true },
  'talos.reboot': { effect: 'destructive', undoable: false },
  'talos.shutdown': { effect: 'destructive', undoable: false },
  'talos.upgrade': { effect: 'destructive', undoable: true },
  'talos.rollback': { effect: 'destructive', undoable: false },
  'talos.etcd_defrag': { effect: 'destructive', undoable: false },
  'talos.config_patch': { effect: 'destructive', undoable: true },
}
