import type { EffectClass } from '../domain/plan.ts'

/** What the lint has to know of a tool; the schemas are JSON Schema objects as its server publishes them. */
export interface CatalogueTool {
  readonly effect: EffectClass
  readonly undoable: boolean
  readonly inputSchema: object
  readonly outputSchema?: object
}

/** Tools by `server.tool`. `later` stands for a tool that is known by name only, because its server is not there yet. */
export type ToolCatalogue = ReadonlyMap<string, CatalogueTool | 'later'>

/** Arguments that the agent adds to a call by itself; a runbook never writes them. */
export const AGENT_ARGUMENTS: readonly string[] = ['dry_run', 'precondition']

const TO_COME: Readonly<Record<string, string>> = {
  kubernetes: `clusters_list api_resources top rollout_history can_i diff set_image cordon uncordon label_annotate
    create_job_from_cronjob apply rollout_undo delete evict_pod drain`,
  proxmox: `clusters_list cluster_status resources node_status node_services node_journal node_disks guest_get
    guest_metrics guest_agent_info snapshots_list storage_list storage_content backups_list tasks_list task_get
    firewall_rules permissions guest_start guest_resume snapshot_create backup_create guest_shutdown guest_reboot
    guest_stop guest_reset guest_suspend snapshot_rollback snapshot_delete guest_migrate guest_config_set`,
  talos: `clusters_list cluster_overview health node_describe version services service_logs dmesg events disks network
    etcd_status resource_definitions resources_list resource_get service_restart etcd_snapshot config_dry_run
    service_start service_stop reboot shutdown upgrade rollback etcd_defrag config_patch`,
}

/** The tools that runbooks may already name although no server publishes them yet. Lay the real catalogue over it. */
export function toolsToCome(): Map<string, 'later'> {
  const names = Object.entries(TO_COME).flatMap(([server, tools]) =>
    tools.split(/\s+/).map((tool) => `${server}.${tool}`),
  )
  return new Map(names.map((name) => [name, 'later']))
}
