import type { SimulatedProxmox } from '../../../test/simulators/proxmox/cluster.ts'

export type ChangeCase = {
  tool: string
  args: Record<string, unknown>
  /** The request that carries it, for faults on the wire. */
  request: RegExp
  /** What is true of the cluster when it has taken place. */
  done: (cluster: SimulatedProxmox) => boolean
  /** The guest to make for it. */
  guest?: { running?: boolean; paused?: boolean; kind?: 'qemu' | 'lxc' }
  /** A snapshot to take of it first. */
  snapshot?: string
  diff: Record<string, unknown>
}

/** Every changing tool with a guest of its own, by its id. */
export function changeCases(guest: number): ChangeCase[] {
  const at = (id = guest) => ({ guest: id })
  const post = (path: string) => new RegExp(`^POST /nodes/pve1/qemu/${guest}/${path}$`)
  const count = (type: string) => (cluster: SimulatedProxmox) => cluster.guest(guest).done[type] === 1
  const is =
    (running: boolean, paused = false) =>
    (cluster: SimulatedProxmox) => {
      const found = cluster.guest(guest)
      return found.running === running && found.paused === paused
    }
  return [
    {
      tool: 'guest_start',
      args: at(),
      guest: { running: false },
      request: post('status/start'),
      done: is(true),
      diff: { field: 'status', from: 'stopped', to: 'running' },
    },
    {
      tool: 'guest_resume',
      args: at(),
      guest: { paused: true },
      request: post('status/resume'),
      done: is(true),
      diff: { field: 'status', from: 'paused', to: 'running' },
    },
    {
      tool: 'guest_suspend',
      args: at(),
      request: post('status/suspend'),
      done: is(true, true),
      diff: { field: 'status', from: 'running', to: 'paused' },
    },
    {
      tool: 'guest_shutdown',
      args: at(),
      request: post('status/shutdown'),
      done: is(false),
      diff: { field: 'status', from: 'running', to: 'stopped' },
    },
    {
      tool: 'guest_stop',
      args: at(),
      request: post('status/stop'),
      done: is(false),
      diff: { field: 'status', from: 'running', to: 'stopped' },
    },
    {
      tool: 'guest_reboot',
      args: at(),
      request: post('status/reboot'),
      done: count('qmreboot'),
      diff: { field: 'status', from: 'running', to: 'rebooted' },
    },
    {
      tool: 'guest_reset',
      args: at(),
      request: post('status/reset'),
      done: count('qmreset'),
      diff: { field: 'status', from: 'running', to: 'reset' },
    },
    {
      tool: 'snapshot_create',
      args: { ...at(), name: 'careful' },
      request: post('snapshot'),
      done: (cluster) => cluster.guest(guest).snapshots.some(({ name }) => name === 'careful'),
      diff: { field: 'snapshot', from: null, to: 'careful' },
    },
    {
      tool: 'snapshot_delete',
      args: { ...at(), name: 'old' },
      snapshot: 'old',
      request: new RegExp(`^DELETE /nodes/pve1/qemu/${guest}/snapshot/old$`),
      done: (cluster) => cluster.guest(guest).snapshots.length === 0,
      diff: { field: 'snapshot old', to: null },
    },
    {
      tool: 'snapshot_rollback',
      args: { ...at(), name: 'old' },
      snapshot: 'old',
      request: post('snapshot/old/rollback'),
      done: count('qmrollback'),
      diff: { field: 'disks', from: 'as they are' },
    },
    {
      tool: 'backup_create',
      args: { ...at(), storage: 'vault' },
      request: /^POST \/nodes\/pve1\/vzdump$/,
      done: count('vzdump'),
      diff: { field: 'backup on vault', from: null },
    },
    {
      tool: 'guest_migrate',
      args: { ...at(), target: 'pve2' },
      request: post('migrate'),
      done: (cluster) => cluster.guest(guest).node === 'pve2',
      diff: { field: 'node', from: 'pve1', to: 'pve2' },
    },
    {
      tool: 'guest_config_set',
      args: { ...at(), tags: ['shop', 'web'], onboot: false },
      request: new RegExp(`^PUT /nodes/pve1/qemu/${guest}/config$`),
      done: (cluster) => cluster.guest(guest).config.tags === 'shop;web',
      diff: { field: 'tags', from: '', to: 'shop;web' },
    },
  ]
}
