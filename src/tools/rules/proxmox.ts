import type { ToolRule } from '../rules.ts'

const READ: ToolRule = { effect: 'read', undoable: false }
// The generation that a dry run answers is the time of the newest task of the tool's own kind.
const TASKS = { countsOwnCalls: true } as const

/** What the agent itself knows of the Proxmox server's tools; a contract test compares it with what the server publishes. */
export const proxmoxRules: readonly (readonly [string, ToolRule])[] = [
  ['proxmox.clusters_list', READ],
  ['proxmox.cluster_status', READ],
  ['proxmox.resources', READ],
  ['proxmox.node_status', READ],
  ['proxmox.node_services', READ],
  ['proxmox.node_journal', READ],
  ['proxmox.node_disks', READ],
  ['proxmox.guest_get', READ],
  ['proxmox.guest_metrics', READ],
  ['proxmox.guest_agent_info', READ],
  ['proxmox.snapshots_list', READ],
  ['proxmox.storage_list', READ],
  ['proxmox.storage_content', READ],
  ['proxmox.backups_list', READ],
  ['proxmox.tasks_list', READ],
  ['proxmox.task_get', READ],
  ['proxmox.firewall_rules', READ],
  ['proxmox.permissions', READ],
  ['proxmox.probe_effect', READ],
  ['proxmox.guest_start', { effect: 'write', undoable: true, ...TASKS }],
  ['proxmox.guest_resume', { effect: 'write', undoable: true, ...TASKS }],
  ['proxmox.snapshot_create', { effect: 'write', undoable: true, ...TASKS }],
  ['proxmox.backup_create', { effect: 'write', undoable: false, ...TASKS }],
  ['proxmox.guest_shutdown', { effect: 'destructive', undoable: true, ...TASKS }],
  ['proxmox.guest_reboot', { effect: 'destructive', undoable: false, ...TASKS }],
  ['proxmox.guest_stop', { effect: 'destructive', undoable: false, ...TASKS }],
  ['proxmox.guest_reset', { effect: 'destructive', undoable: false, ...TASKS }],
  ['proxmox.guest_suspend', { effect: 'destructive', undoable: true, ...TASKS }],
  ['proxmox.snapshot_rollback', { effect: 'destructive', undoable: false, ...TASKS }],
  ['proxmox.snapshot_delete', { effect: 'destructive', undoable: false, ...TASKS }],
  ['proxmox.guest_migrate', { effect: 'destructive', undoable: true, ...TASKS }],
  ['proxmox.guest_config_set', { effect: 'destructive', undoable: true, ...TASKS }],
]
