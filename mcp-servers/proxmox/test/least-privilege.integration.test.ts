import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type SimulatedProxmox, startProxmox } from '../../../test/simulators/proxmox/cluster.ts'
import { changeCases } from './changes.ts'
import { type Started, startServer } from './start-server.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const roleIn = (name: string) =>
  new RegExp(`pveum role add ${name} --privs "([^"]+)"`).exec(readme)?.[1]?.split(' ') ?? []

let cluster: SimulatedProxmox
let server: Started

beforeAll(async () => {
  cluster = await startProxmox({ taskMs: 15 })
  cluster.grant('reader', '/', roleIn('WatchkeeperReader'))
  cluster.grant('operator', '/', roleIn('WatchkeeperOperator'))
  server = await startServer(cluster, 'stdio')
})
afterAll(() => Promise.all([server.stop(), cluster.stop()]))

test('A9: what the reader may do is this and no more, and none of it changes anything', () => {
  expect(roleIn('WatchkeeperReader')).toEqual([
    'Sys.Audit',
    'Sys.Syslog',
    'VM.Audit',
    'VM.GuestAgent.Audit',
    'Datastore.Audit',
  ])
  expect(roleIn('WatchkeeperReader').filter((name) => !/\.(Audit|Syslog)$/.test(name))).toEqual([])
})

test('A9: what the operator may do is this and no more: no consoles, no commands, no users, no hosts', () => {
  expect(roleIn('WatchkeeperOperator')).toEqual([
    'Sys.Audit',
    'VM.Audit',
    'Datastore.Audit',
    'Datastore.AllocateSpace',
    'VM.PowerMgmt',
    'VM.Snapshot',
    'VM.Snapshot.Rollback',
    'VM.Backup',
    'VM.Migrate',
    'VM.Config.CPU',
    'VM.Config.Memory',
    'VM.Config.Options',
  ])
})

test('with the roles of the README every reading tool reads', async () => {
  const reads: [string, Record<string, unknown>][] = [
    ...[
      'clusters_list',
      'cluster_status',
      'resources',
      'storage_list',
      'backups_list',
      'tasks_list',
      'firewall_rules',
      'permissions',
    ].map((tool): [string, Record<string, unknown>] => [tool, {}]),
    ...['node_status', 'node_services', 'node_journal', 'node_disks'].map((tool): [string, Record<string, unknown>] => [
      tool,
      { node: 'pve1' },
    ]),
    ...['guest_get', 'guest_metrics', 'guest_agent_info', 'snapshots_list'].map(
      (tool): [string, Record<string, unknown>] => [tool, { guest: 100 }],
    ),
    ['storage_content', { storage: 'vault' }],
  ]
  for (const [tool, args] of reads)
    expect([tool, (await server.call(tool, args)).structuredContent]).not.toEqual([
      tool,
      expect.objectContaining({ error: expect.anything() }),
    ])
  expect((await server.call('permissions', {})).structuredContent).toMatchObject({ missing: [] })
})

test('with the roles of the README every changing tool changes, and its task can be read', async () => {
  for (const [at, { tool }] of changeCases(1).entries()) {
    const id = 500 + at
    const found = changeCases(id).find((one) => one.tool === tool)
    if (!found) throw new Error(`no case for ${tool}`)
    cluster.addGuest({ id, ...found.guest })
    const run = async (name: string, args: Record<string, unknown>) => {
      const real = { ...args, dry_run: false }
      expect([name, (await server.call(name, real, server.granted(name, real))).structuredContent]).toEqual([
        name,
        expect.objectContaining({ dry_run: false }),
      ])
    }
    if (found.snapshot) await run('snapshot_create', { guest: id, name: found.snapshot })
    await run(tool, found.args)
    expect(found.done(cluster)).toBe(true)
  }
})
