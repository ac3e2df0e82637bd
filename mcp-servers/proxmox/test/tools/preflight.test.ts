import { expect, test } from 'vitest'
import { type FakeCluster, fakeCluster, home } from '../fake-cluster.ts'
import { ask, change } from '../harness.ts'

type Case = [
  what: string,
  tool: string,
  args: Record<string, unknown>,
  make: (cluster: FakeCluster) => void,
  why: string,
]

const stopped = { status: 'stopped' }

/** What each preflight forbids. Refused as a dry run, and with a grant all the same. */
const REFUSED: Case[] = [
  ['a guest that runs', 'guest_start', {}, () => {}, 'is running: only one that is stopped'],
  [
    'a template',
    'guest_start',
    {},
    (c) => c.put({ id: 100, status: stopped, config: { template: 1 } }),
    'is a template',
  ],
  [
    'a lock',
    'guest_start',
    {},
    (c) => c.put({ id: 100, status: { ...stopped, lock: 'backup' } }),
    'is locked (backup)',
  ],
  ['one that runs', 'guest_resume', {}, () => {}, 'only one that is paused'],
  ['a container', 'guest_suspend', {}, (c) => c.put({ id: 100, kind: 'lxc' }), 'Containers cannot be suspended'],
  ['one that is off', 'guest_shutdown', {}, (c) => c.put({ id: 100, status: stopped }), 'only one that is running'],
  ['a lock', 'guest_shutdown', {}, (c) => c.put({ id: 100, config: { lock: 'migrate' } }), 'is locked (migrate)'],
  ['one that is off', 'guest_reboot', {}, (c) => c.put({ id: 100, status: stopped }), 'only one that is running'],
  [
    'one that is off',
    'guest_stop',
    {},
    (c) => c.put({ id: 100, status: stopped }),
    'only one that is running or paused',
  ],
  ['a container', 'guest_reset', {}, (c) => c.put({ id: 100, kind: 'lxc' }), 'is a container, which has no reset'],
  [
    'one that is off',
    'guest_reset',
    {},
    (c) => c.put({ id: 100, status: stopped }),
    'only one that is running or paused',
  ],
  [
    'a member of etcd',
    'snapshot_create',
    {},
    (c) => c.put({ id: 100, config: { tags: 'Etcd;x' } }),
    'has the tag etcd',
  ],
  ['a lock', 'snapshot_create', {}, (c) => c.put({ id: 100, config: { lock: 'snapshot' } }), 'is locked'],
  [
    'a storage that cannot',
    'snapshot_create',
    {},
    (c) => c.put({ id: 100, config: { scsi1: 'local:100/x.raw,size=1G' } }),
    'local (dir, raw), which cannot make snapshots',
  ],
  [
    'a storage that is full',
    'snapshot_create',
    {},
    (c) => Object.assign(c.storageRows[0] ?? {}, { used: 85 }),
    'is 85 % full',
  ],
  [
    'a storage that is away',
    'snapshot_create',
    {},
    (c) => Object.assign(c.storageRows[0] ?? {}, { active: 0 }),
    'is not available',
  ],
  ['a name that is taken', 'snapshot_create', { name: 'before' }, () => {}, 'a snapshot named before already'],
  ['what is not there', 'snapshot_delete', { name: 'nope' }, () => {}, 'has no snapshot named nope'],
  ['the present', 'snapshot_delete', { name: 'current' }, () => {}, 'has no snapshot named current'],
  ['a lock', 'snapshot_delete', { name: 'before' }, (c) => c.put({ id: 100, config: { lock: 'backup' } }), 'is locked'],
  ['what is not there', 'snapshot_rollback', { name: 'nope' }, () => {}, 'has no snapshot named nope'],
  [
    'a member of etcd',
    'snapshot_rollback',
    { name: 'before' },
    (c) => c.put({ id: 100, config: { tags: 'etcd' } }),
    'has the tag etcd',
  ],
  [
    'what ZFS has buried',
    'snapshot_rollback',
    { name: 'before' },
    (c) => {
      Object.assign(c.storageRows[0] ?? {}, { type: 'zfspool' })
      c.guests.get(100)?.snapshots.push({ name: 'later', description: '', snaptime: 1_789_900_000 })
    },
    'is not the newest snapshot',
  ],
  ['a storage without backups', 'backup_create', { storage: 'local' }, () => {}, 'does not take backups'],
  [
    'a storage that is full',
    'backup_create',
    { storage: 'vault' },
    (c) => Object.assign(c.storageRows[2] ?? {}, { used: 96 }),
    'is 96 % full',
  ],
  ['where it is', 'guest_migrate', { target: 'pve1' }, () => {}, 'is on pve1 already'],
  ['a node that is not there', 'guest_migrate', { target: 'pve9' }, () => {}, 'There is no node pve9'],
  [
    'a node that is down',
    'guest_migrate',
    { target: 'pve2' },
    (c) => Object.assign(c.nodes[1] ?? {}, { status: 'offline' }),
    'pve2 is offline',
  ],
  [
    'a node without room',
    'guest_migrate',
    { target: 'pve2' },
    (c) => Object.assign(c.nodes[1] ?? {}, { mem: c.nodes[1]?.maxmem }),
    'too little memory',
  ],
  [
    'devices of its node',
    'guest_migrate',
    { target: 'pve2' },
    (c) => Object.assign(c.check, { local_resources: ['hostpci0'] }),
    'uses devices of pve1: hostpci0',
  ],
  [
    'a missing storage',
    'guest_migrate',
    { target: 'pve2' },
    (c) => Object.assign(c.check, { not_allowed_nodes: { pve2: { unavailable_storages: ['fast'] } } }),
    'does not have fast',
  ],
  [
    'a container bound to its node',
    'guest_migrate',
    { target: 'pve2' },
    (c) => c.put({ id: 100, kind: 'lxc', config: { mp0: '/srv,mp=/srv' } }),
    'bound into it (mp0)',
  ],
  ['more than the node has', 'guest_config_set', { cores: 64 }, () => {}, 'has 16 processors, not 64'],
  ['more than the node has', 'guest_config_set', { memory: 1_000_000 }, () => {}, 'MiB of memory, not 1000000'],
  ['a tag that shelters', 'guest_config_set', { tags: ['etcd', 'web'] }, () => {}, 'The tag etcd shelters guests'],
  ['a lock', 'guest_config_set', { cores: 1 }, (c) => c.put({ id: 100, config: { lock: 'backup' } }), 'is locked'],
]

test.each(REFUSED)('%s: %s is refused', async (_what, tool, args, make, why) => {
  const cluster = home()
  make(cluster)
  const sent = { guest: 100, ...args }
  expect(await ask(cluster, tool, sent)).toMatchObject({
    error: { code: 'refused', message: expect.stringContaining(why) },
  })
  expect(await change(cluster, tool, sent)).toMatchObject({ error: { code: 'refused' } })
  expect(cluster.acts).toEqual([])
})

test('a protected tag cannot be taken off, so that the guest could be snapshot after', async () => {
  const cluster = home()
  expect(await change(cluster, 'guest_config_set', { guest: 110, tags: ['talos'] })).toMatchObject({
    error: { code: 'refused' },
  })
  expect(await change(cluster, 'guest_config_set', { guest: 110, tags: ['etcd', 'talos', 'x'] })).toMatchObject({
    dry_run: false,
  })
})

test('which tags shelter is configuration', async () => {
  const cluster = fakeCluster(['database'])
  cluster.put({ id: 100, config: { tags: 'database' } })
  expect(await ask(cluster, 'snapshot_create', { guest: 100 })).toMatchObject({ error: { code: 'refused' } })
})

test('who is missed is warned of: high availability, etcd, disks on the node', async () => {
  const cluster = home()
  cluster.put({ id: 110, config: { tags: 'etcd' }, status: { ha: { managed: 1, state: 'started' } } })
  Object.assign(cluster.check, { local_disks: [{ volid: 'local-lvm:vm-110-disk-0' }] })
  const { warnings } = await ask(cluster, 'guest_shutdown', { guest: 110 })
  expect(warnings).toEqual(
    expect.arrayContaining([expect.stringContaining('High availability'), expect.stringContaining('quorum')]),
  )
  const moved = await ask(cluster, 'guest_migrate', { guest: 110, target: 'pve2' })
  expect(moved.warnings).toEqual(expect.arrayContaining([expect.stringContaining('copied over the network')]))
})
