import { toolContract } from '@watchkeeper/mcp-shared/testing'
import type { TalosCluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'
import { ADMIN, addResources, BOOTED, type FakeCluster, fakeCluster, service } from './fake-cluster.ts'
import { preconditionOf } from './harness.ts'

const node = { node: 'cp-1' }
const booted = { ...node, precondition: preconditionOf('cp-1', { boot_id: BOOTED }) }
const patch = 'machine: { sysctls: { vm.swappiness: "10" } }'
const long = 'x'.repeat(5_000)

function many(n: number): number[] {
  return Array.from({ length: n }, (_, at) => at)
}

function cluster(): FakeCluster {
  const fake = fakeCluster()
  const cp1 = fake.node('cp-1')
  addResources(cp1, [
    { type: 'Members.cluster.talos.dev', namespace: 'cluster', spec: { hostname: 'cp-1' } },
    { type: 'MachineConfigs.config.talos.dev', namespace: 'config', id: 'v1alpha1', spec: cp1.config.yaml },
  ])
  cp1.services = cp1.services.map((one) => (one.id === 'cri' ? { ...one, state: 'Finished' } : one))
  return fake
}

toolContract<TalosCluster>(tools, {
  samples: {
    clusters_list: {},
    cluster_overview: {},
    health: {},
    node_describe: node,
    version: {},
    services: node,
    service_logs: { ...node, service: 'kubelet', tail: 500 },
    dmesg: { ...node, tail: 500 },
    events: { ...node, limit: 200 },
    disks: node,
    network: node,
    etcd_status: {},
    resource_definitions: { ...node, limit: 300 },
    resources_list: { ...node, type: 'members', limit: 200 },
    resource_get: { ...node, type: 'members', id: 'one' },
    service_restart: {
      ...node,
      service: 'kubelet',
      precondition: preconditionOf('cp-1', { 'services.kubelet.started_at': BOOTED }),
    },
    etcd_snapshot: node,
    service_start: { ...node, service: 'cri' },
    service_stop: { ...node, service: 'kubelet' },
    reboot: booted,
    shutdown: booted,
    rollback: booted,
    etcd_defrag: node,
    config_dry_run: { ...node, patch },
    config_patch: { ...node, patch },
    upgrade: { ...node, version: 'v1.13.0' },
  },
  freeText: ['service_logs.grep', 'dmesg.grep', 'config_dry_run.patch', 'config_patch.patch'],
  port: cluster,
  flooded() {
    const fake = cluster()
    const cp1 = fake.node('cp-1')
    cp1.log = `${long}\n`.repeat(2_000)
    cp1.dmesg = cp1.log
    cp1.state = { ...cp1.state, ready: false, unmet: many(300).map(() => long) }
    cp1.events = many(2_000).map((at) => ({
      id: `e${at}`,
      actor: 'a',
      type: 'TaskEvent',
      summary: long,
      sequence: null,
    }))
    const events = many(100).map(() => ({ at: BOOTED, state: 'Failed', message: long }))
    cp1.services.push(...many(300).map((at) => service(`ext-${at}`, { state: 'Failed', message: long, events })))
    fake.alarms.push(...many(500).map(() => ({ member: cp1.etcd?.id ?? '', alarm: 'NOSPACE' })))
    const spec = { text: many(300).map(() => long), deep: { list: many(2_000).map(String) } }
    addResources(
      cp1,
      many(800).map((at) => ({ type: 'Members.cluster.talos.dev', namespace: 'cluster', id: `id-${at}`, spec })),
    )
    cp1.resources.unshift({ ...(cp1.resources[1] ?? cp1.resources[0]), id: 'one', spec } as (typeof cp1.resources)[0])
    return fake
  },
  fields: {
    name: 'home',
    reader: ADMIN,
    operator: ADMIN,
    endpoints: [],
  },
})
