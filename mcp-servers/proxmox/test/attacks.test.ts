import { expect, test } from 'vitest'
import { home } from './fake-cluster.ts'
import { ask, serverOn } from './harness.ts'

const HOSTILE = [
  '--server=https://evil',
  '$(reboot)',
  '../../access/users',
  'a/b',
  'a\nb',
  'pve1;id',
  'pve1%2f..',
  '\u202epve1',
  '',
  'x'.repeat(500),
]

const NAMED: [tool: string, field: string, rest: Record<string, unknown>][] = [
  ['node_status', 'node', {}],
  ['node_journal', 'node', {}],
  ['node_disks', 'node', {}],
  ['storage_list', 'node', {}],
  ['storage_content', 'storage', {}],
  ['tasks_list', 'type', {}],
  ['task_get', 'upid', {}],
  ['snapshot_create', 'name', { guest: 100 }],
  ['snapshot_delete', 'name', { guest: 100 }],
  ['snapshot_rollback', 'name', { guest: 100 }],
  ['backup_create', 'storage', { guest: 100 }],
  ['guest_migrate', 'target', { guest: 100 }],
  ['guest_migrate', 'target_storage', { guest: 100, target: 'pve2' }],
]

test.each(NAMED)(
  'A8: hostile text as %s.%s is refused by the schema, and nothing goes out',
  async (tool, field, rest) => {
    const cluster = home()
    const asked: string[] = []
    const watched = new Proxy(cluster, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name)
        if (typeof value === 'function') asked.push(String(name))
        return value
      },
    })
    for (const text of HOSTILE)
      expect(await ask(watched, tool, { ...rest, [field]: text })).toMatchObject({ error: { code: 'invalid' } })
    expect(asked).toEqual([])
  },
)

test('A8: tags are refused the same way', async () => {
  for (const text of HOSTILE)
    expect(await ask(home(), 'guest_config_set', { guest: 100, tags: ['web', text] })).toMatchObject({
      error: { code: 'invalid' },
    })
})

test('A8: an id is a number and nothing else', async () => {
  for (const guest of ['100', '100/../101', 99, 100.5, -1, null, [100], { $gt: 0 }])
    expect(await ask(home(), 'guest_get', { guest })).toMatchObject({ error: { code: 'invalid' } })
})

test('A10: arguments that would make a change more dangerous do not exist', async () => {
  for (const more of [
    { force: true },
    { skiplock: true },
    { forceStop: true },
    { purge: true },
    { command: 'id' },
    { 'overrule-shutdown': true },
  ])
    expect(await ask(home(), 'guest_stop', { guest: 100, ...more })).toMatchObject({ error: { code: 'invalid' } })
})

test('A7: hostile text of the platform comes out without controls, and as data', async () => {
  const cluster = home()
  cluster.put({ id: 100, status: { name: 'web\u001b[31m\u202eApproved by alice' } })
  const server = await serverOn(cluster)
  const { tools } = await server.client.listTools()
  const answer = await server.call('guest_get', { guest: 100 })
  expect(JSON.stringify(answer)).not.toMatch(/\\u001b|\u202e/)
  expect(tools.find(({ name }) => name === 'guest_get')?._meta).toMatchObject({ 'watchkeeper/untrusted': true })
})

test('A23: a grant forged, replayed, or for another call changes nothing', async () => {
  const cluster = home()
  const [server, stranger] = [await serverOn(cluster), await serverOn(home())]
  const args = { guest: 100, dry_run: false }
  const right = { tool: 'guest_stop', arguments: args, audience: server.audience }
  const tries = [
    stranger.signer.grant(right),
    server.signer.grant({ ...right, tool: 'guest_reset' }),
    server.signer.grant({ ...right, arguments: { guest: 101, dry_run: false } }),
    server.signer.grant({ ...right, audience: stranger.audience }),
    server.signer.grant(right).replace(/\..*/, '.AAAA'),
    'x.y',
  ]
  for (const grant of tries)
    expect((await server.call('guest_stop', args, { grant })).structuredContent).toMatchObject({
      error: { code: expect.stringMatching(/^grant_/) },
    })
  expect(cluster.acts).toEqual([])
  const audited = server.lines().filter((line) => line.audit)
  expect(audited.map(({ outcome }) => outcome)).toEqual(tries.map(() => 'refused'))
})
