import type { ToolRule } from '../rules.ts'

// The generation that a dry run answers is the time of the newest task of the tool's own kind.
const tasks = { countsOwnCalls: true } as const

const read: ToolRule = { effect: 'read', undoable: false }
const undoableWrite: ToolRule = { effect: 'write', undoable: true, ...tasks }
const destructive: ToolRule = { effect: 'destructive', undoable: false, ...tasks }
const undoableDestructive: ToolRule = { effect: 'destructive', undoable: true, ...tasks }

/** What the agent itself knows of the tools of the Proxmox server. */
export const proxmoxRules: Readonly<Record<string, ToolRule>> = {
  'proxmox.clusters_list': read,
  'proxmox.cluster_status': read,
  'proxmox.resources': read,
  'proxmox.node_status': read,
  'proxmox.node_services': read,
  'proxmox.node_journal': read,
  'proxmox.node_disks': read,
  'proxmox.guest_get': read,
  'proxmox.guest_metrics': read,
  'proxmox.guest_agent_info': read,
  'proxmox.snapshots_list': read,
  'proxmox.storage_list': read,
  'proxmox.storage_content': read,
  'proxmox.backups_list': read,
  'proxmox.tasks_list': read,
  'proxmox.task_get': read,
  'proxmox.firewall_rules': read,
  'proxmox.permissions': read,
  'proxmox.probe_effect': read,
  'proxmox.guest_start': undoableWrite,
  'proxmox.guest_resume': undoableWrite,
  'proxmox.snapshot_create': undoableWrite,
  'proxmox.backup_create': { effect: 'write', undoable: false, ...tasks },
  'proxmox.guest_shutdown': undoableDestructive,
  'proxmox.guest_reboot': destructive,
  'proxmox.guest_stop': destructive,
  'proxmox.guest_reset': destructive,
  'proxmox.guest_suspend': undoableDestructive,
  'proxmox.snapshot_rollback': destructive,
  'proxmox.snapshot_delete': destructive,
  'proxmox.guest_migrate': undoableDestructive,
  'proxmox.guest_config_set': undoableDestructive,
}
