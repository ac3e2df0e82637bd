import { toolContract } from '@watchkeeper/mcp-shared/testing'
import type { ProxmoxCluster } from '../src/cluster.ts'
import { createJournal } from '../src/journal.ts'
import { tools } from '../src/tools/index.ts'
import { home, OPERATOR, UPID } from './fake-cluster.ts'

const guest = { guest: 100 }

toolContract<ProxmoxCluster>(tools, {
  samples: {
    clusters_list: {},
    cluster_status: {},
    resources: { limit: 500 },
    node_status: { node: 'pve1' },
    node_services: { node: 'pve1' },
    node_journal: { node: 'pve1', tail: 500 },
    node_disks: { node: 'pve1' },
    guest_get: guest,
    guest_metrics: guest,
    guest_agent_info: guest,
    snapshots_list: guest,
    storage_list: {},
    storage_content: { storage: 'vault', limit: 200 },
    backups_list: { limit: 200 },
    tasks_list: { ...guest, limit: 200 },
    task_get: { upid: UPID, tail: 300 },
    firewall_rules: {},
    permissions: {},
    guest_start: { guest: 101 },
    guest_resume: { guest: 102 },
    snapshot_create: { ...guest, name: 'careful' },
    backup_create: { ...guest, storage: 'vault' },
    guest_shutdown: guest,
    guest_reboot: guest,
    guest_stop: guest,
    guest_reset: guest,
    guest_suspend: guest,
    snapshot_rollback: { ...guest, name: 'before' },
    snapshot_delete: { ...guest, name: 'before' },
    guest_migrate: { ...guest, target: 'pve2' },
    guest_config_set: { ...guest, cores: 4, tags: ['web', 'prod'] },
  },
  port: home,
  flooded() {
    const long = 'x'.repeat(5_000)
    const many = (n: number) => Array.from({ length: n }, (_, at) => at)
    const cluster = home()
    for (const at of many(1_500)) cluster.put({ id: 1_000 + at, status: { name: long, tags: long } })
    for (const at of many(1_500))
      cluster.taskRows.push({
        upid: `${UPID}${at}`,
        node: 'pve1',
        type: 'vzdump',
        id: '100',
        user: long,
        starttime: at + 1,
        endtime: at + 2,
        status: long,
      })
    cluster.journalLines = many(1_500).map(() => long)
    cluster.logLines = many(500).map(() => long)
    cluster.content = many(1_500).map((at) => ({
      volid: `vault:${at}${long}`,
      vmid: at,
      size: at,
      format: 'raw',
      notes: long,
    }))
    cluster.firewall = many(1_500).map((pos) => ({ pos, type: 'in', action: 'ACCEPT', comment: long }))
    const one = cluster.put({ id: 100, config: { description: long } })
    one.snapshots = many(500).map((at) => ({ name: `s${at}`, description: long, snaptime: at + 1 }))
    one.snapshots.push({ name: 'before', description: '', snaptime: 1_000 })
    one.pending = many(500).map((at) => ({ key: `net${at}`, value: long, pending: long }))
    return cluster
  },
  freeText: ['node_journal.grep', 'resources.status', 'snapshot_create.note', 'guest_config_set.description'],
  fields: { name: 'home', protectedTags: ['etcd'], operator: OPERATOR, journal: createJournal() },
})
