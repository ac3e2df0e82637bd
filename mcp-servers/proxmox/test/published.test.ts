import { testServer } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import type { ProxmoxCluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'
import { fakeCluster } from './fake-cluster.ts'
import { serverOn } from './harness.ts'

async function published(cluster: ProxmoxCluster = fakeCluster()) {
  return (await (await serverOn(cluster)).client.listTools()).tools
}

test('the whole list is at most 36,000 bytes, with several clusters too', async () => {
  const several = await testServer<ProxmoxCluster>(tools, { homelab: fakeCluster(), cabin: fakeCluster() })
  const { tools: list } = await several.client.listTools()
  expect(Buffer.byteLength(JSON.stringify({ tools: await published() }))).toBeLessThanOrEqual(36_000)
  expect(Buffer.byteLength(JSON.stringify({ tools: list }))).toBeLessThanOrEqual(36_000)
})

test('A10: what may cost data or service is marked so, and nothing runs commands, removes guests or touches hosts', async () => {
  const list = await published()
  const destructive = list.filter(({ annotations }) => annotations?.destructiveHint).map(({ name }) => name)
  expect(destructive).toEqual([
    'guest_shutdown',
    'guest_reboot',
    'guest_stop',
    'guest_reset',
    'guest_suspend',
    'snapshot_rollback',
    'snapshot_delete',
    'guest_migrate',
    'guest_config_set',
  ])
  const names = list.map(({ name }) => name).join(' ')
  expect(names).not.toMatch(/exec|shell|command|clone|destroy|guest_delete|node_(?:reboot|shutdown)|request|api/)
})
