import { type Row, toRow } from './rows.ts'

/** What the tools need in Proxmox VE 9, by token. One of the privileges on a line is enough. */
export const PRIVILEGES: Readonly<Record<'reader' | 'operator', Readonly<Record<string, string>>>> = {
  reader: {
    'Sys.Audit': 'cluster_status, node_status, node_services, node_disks, tasks_list',
    'Sys.Syslog': 'node_journal',
    'VM.Audit': 'resources, guest_get, guest_metrics, snapshots_list',
    'VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted': 'guest_agent_info',
    'Datastore.Audit|Datastore.AllocateSpace': 'storage_list, storage_content, backups_list',
  },
  operator: {
    'VM.PowerMgmt': 'guest_start, guest_resume, guest_shutdown, guest_reboot, guest_stop, guest_reset, guest_suspend',
    'VM.Snapshot': 'snapshot_create, snapshot_delete',
    'VM.Snapshot|VM.Snapshot.Rollback': 'snapshot_rollback',
    'VM.Backup': 'backup_create',
    'Datastore.AllocateSpace': 'backup_create',
    'VM.Migrate': 'guest_migrate',
    'VM.Config.CPU': 'guest_config_set (cores)',
    'VM.Config.Memory': 'guest_config_set (memory)',
    'VM.Config.Options': 'guest_config_set',
  },
}

/** Sentences for the privileges a token has on no path at all. */
export function missingPrivileges(token: 'reader' | 'operator', byPath: Row): string[] {
  const held = new Set(Object.values(byPath).flatMap((granted) => Object.keys(toRow(granted))))
  return Object.entries(PRIVILEGES[token])
    .filter(([wanted]) => !wanted.split('|').some((privilege) => held.has(privilege)))
    .map(([wanted, tools]) => `the ${token} lacks ${wanted.replace('|', ' or ')} for ${tools}`)
}
