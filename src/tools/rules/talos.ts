import type { ToolRule } from '../rules.ts'

const READ: ToolRule = { effect: 'read', undoable: false }

/** What the agent itself knows of the Talos server's tools; a contract test compares it with what the server publishes. */
export const talosRules: readonly (readonly [string, ToolRule])[] = [
  ['talos.clusters_list', READ],
  ['talos.cluster_overview', READ],
  ['talos.health', READ],
  ['talos.node_describe', READ],
  ['talos.version', READ],
  ['talos.services', READ],
  ['talos.service_logs', READ],
  ['talos.dmesg', READ],
  ['talos.events', READ],
  ['talos.disks', READ],
  ['talos.network', READ],
  ['talos.etcd_status', READ],
  ['talos.resource_definitions', READ],
  ['talos.resources_list', READ],
  ['talos.resource_get', READ],
  ['talos.probe_effect', READ],
  ['talos.service_restart', { effect: 'write', undoable: false }],
  ['talos.etcd_snapshot', { effect: 'write', undoable: false }],
  // Nothing is changed, so that there is nothing to undo either.
  ['talos.config_dry_run', { effect: 'write', undoable: true }],
  ['talos.service_start', { effect: 'destructive', undoable: true }],
  ['talos.service_stop', { effect: 'destructive', undoable: true }],
  ['talos.reboot', { effect: 'destructive', undoable: false }],
  ['talos.shutdown', { effect: 'destructive', undoable: false }],
  ['talos.upgrade', { effect: 'destructive', undoable: true }],
  ['talos.rollback', { effect: 'destructive', undoable: false }],
  ['talos.etcd_defrag', { effect: 'destructive', undoable: false }],
  ['talos.config_patch', { effect: 'destructive', undoable: true }],
]
