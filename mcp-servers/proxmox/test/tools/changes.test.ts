import { expect, test } from 'vitest'
import { fakeCluster, home } from '../fake-cluster.ts'
import { ask, change, serverOn } from '../harness.ts'

test('a snapshot is taken without memory, named and marked with the effect', async () => {
  const cluster = home()
  const effect = crypto.randomUUID()
  await change(cluster, 'snapshot_create', { guest: 100, note: 'before the reset' }, effect)
  expect(cluster.acts).toMatchObject([
    {
      params: {
        snapname: `wk_${effect.slice(0, 8)}`,
        description: `Watchkeeper effect ${effect}\nbefore the reset`,
        vmstate: false,
      },
    },
  ])
  const { items } = await ask(cluster, 'snapshots_list', { guest: 100 })
  expect(items).toMatchObject([{ effect }, { name: 'before' }])
  expect(await change(cluster, 'snapshot_create', { guest: 200, name: 'x1' })).toMatchObject({ dry_run: false })
  expect(cluster.acts.at(-1)?.params).not.toHaveProperty('vmstate')
})

test('a backup prunes nothing and says in its notes whose it is', async () => {
  const cluster = home()
  const effect = crypto.randomUUID()
  await change(cluster, 'backup_create', { guest: 100, storage: 'vault' }, effect)
  expect(cluster.acts[0]?.params).toMatchObject({ remove: false, mode: 'snapshot', storage: 'vault' })
  expect(await ask(cluster, 'backups_list', { guest: 100 })).toMatchObject({ items: [{ effect }], without_backup: [] })
})

test('a change of the configuration sends the digest it read, and keeps the notes beside the mark', async () => {
  const cluster = home()
  cluster.put({ id: 100, config: { description: 'Shop front.\n', digest: 'abc', tags: 'web' } })
  const effect = crypto.randomUUID()
  const answer = await change(cluster, 'guest_config_set', { guest: 100, tags: [], onboot: true }, effect)
  expect(cluster.acts).toMatchObject([
    {
      params: {
        digest: 'abc',
        onboot: true,
        delete: 'tags',
        description: `Shop front.\n\n<!-- watchkeeper/effects: ${effect} -->`,
      },
    },
  ])
  expect(answer.undo).toMatchObject({
    tool: 'guest_config_set',
    arguments: { guest: 100, tags: ['web'], onboot: false },
  })
  expect(await ask(cluster, 'guest_get', { guest: 100 })).toMatchObject({ config: { description: 'Shop front.' } })
  const { undo } = answer as { undo: { arguments: Record<string, unknown> } }
  expect(await change(cluster, 'guest_config_set', undo.arguments)).toMatchObject({ dry_run: false })
  expect(cluster.guests.get(100)?.config.tags).toBe('web')
})

test('cores of a container that has none set cannot be set back, and it is said', async () => {
  const cluster = fakeCluster()
  const guest = cluster.put({ id: 200, kind: 'lxc' })
  delete guest.config.cores
  expect(await ask(cluster, 'guest_config_set', { guest: 200, cores: 2 })).toMatchObject({
    undo: null,
    diff: [{ from: null, to: 2 }],
  })
})

test('the answer to a request was lost: its task is found and followed', async () => {
  const cluster = home()
  cluster.ends.push('lost')
  const answer = await change(cluster, 'guest_reset', { guest: 100 })
  expect(answer).toMatchObject({ dry_run: false, task: expect.stringContaining(':qmreset:100:') })
  expect(cluster.acts).toHaveLength(1)
})

test('an older task is never taken for the one that vanished', async () => {
  const cluster = home()
  await change(cluster, 'guest_reset', { guest: 100 })
  cluster.ends.push('gone')
  expect(await change(cluster, 'guest_reset', { guest: 100 })).toMatchObject({
    error: { code: 'unreachable', message: expect.stringContaining('vanished') },
  })
})

test('a failed task is refused with the end of its log, and its probe says not done', async () => {
  const cluster = home()
  cluster.ends.push('got timeout')
  cluster.logLines = ['something in between']
  const server = await serverOn(cluster)
  const args = { guest: 100, dry_run: false }
  const effect = crypto.randomUUID()
  const answer = await server.call('guest_shutdown', args, { grant: true, effect })
  expect(answer.structuredContent).toMatchObject({
    error: { code: 'refused', message: expect.stringMatching(/got timeout.*something in between/) },
  })
  const probe = await server.call('probe_effect', { tool: 'guest_shutdown', arguments: args, effect })
  expect(probe.structuredContent).toMatchObject({ state: 'not_done', because: expect.stringContaining('got timeout') })
})

test('a guest made anew under the same id is another one', async () => {
  const cluster = home()
  const { precondition } = await ask(cluster, 'guest_shutdown', { guest: 100 })
  cluster.put({ id: 100, config: { smbios1: 'uuid=11111111-0000-4000-8000-000000000000' } })
  expect(await change(cluster, 'guest_shutdown', { guest: 100, precondition })).toMatchObject({
    error: { code: 'conflict', message: expect.stringContaining('made again') },
  })
  const probe = { tool: 'guest_shutdown', arguments: { guest: 100, precondition }, effect: crypto.randomUUID() }
  expect(await ask(cluster, 'probe_effect', probe)).toMatchObject({ state: 'unknown' })
})

test('what somebody else did is not taken for the change', async () => {
  const cluster = home()
  const { precondition } = await ask(cluster, 'guest_reset', { guest: 100 })
  const args = { guest: 100, dry_run: false, precondition }
  cluster.taskRows.unshift({
    upid: 'UPID:pve1:0:0:0:qmreset:100:root@pam:',
    node: 'pve1',
    type: 'qmreset',
    id: '100',
    user: 'root@pam',
    starttime: 1_799_000_000,
    endtime: 1_799_000_001,
    status: 'OK',
  })
  const probe = { tool: 'guest_reset', arguments: args, effect: crypto.randomUUID() }
  expect(await ask(cluster, 'probe_effect', probe)).toMatchObject({ state: 'not_done' })
})

test('without a dry run to go by, an earlier task of the same kind leaves the probe in doubt', async () => {
  const cluster = home()
  const row = {
    node: 'pve1',
    type: 'qmreset',
    id: '100',
    user: cluster.operator,
    starttime: 1_790_000_500,
    endtime: 1_790_000_501,
    status: 'OK',
  }
  cluster.taskRows.unshift({ ...row, upid: 'UPID:a' })
  const probe = { tool: 'guest_reset', arguments: { guest: 100 }, effect: crypto.randomUUID() }
  expect(await ask(cluster, 'probe_effect', probe)).toMatchObject({ state: 'unknown' })
  cluster.taskRows.unshift({ ...row, upid: 'UPID:b', endtime: undefined, status: undefined })
  expect(await ask(cluster, 'probe_effect', probe)).toMatchObject({
    state: 'unknown',
    because: expect.stringContaining('still running'),
  })
})

test('a precondition that is none is refused in words', async () => {
  for (const precondition of [{}, { uid: 1, values: 'x' }, { uid: 'a', values: 'sha256:short' }])
    expect(await ask(home(), 'guest_reset', { guest: 100, precondition })).toMatchObject({ error: { code: 'invalid' } })
})

test('nothing to set is refused, and what is set already is said', async () => {
  expect(await ask(home(), 'guest_config_set', { guest: 100 })).toMatchObject({ error: { code: 'invalid' } })
  expect(await ask(home(), 'guest_config_set', { guest: 100, cores: 2 })).toMatchObject({
    diff: [],
    warnings: [expect.stringContaining('set already')],
  })
})
