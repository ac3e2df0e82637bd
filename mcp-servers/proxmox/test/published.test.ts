import { expect, test } from 'vitest'
import type { ProxmoxCluster } from '../src/cluster.ts'
import { fakeCluster } from './fake-cluster.ts'
import { serverOn } from './harness.ts'

async function published(cluster: ProxmoxCluster = fakeCluster()) {
  return (await (await serverOn(cluster)).client.listTools()).tools
}

/** What clients pin. Meant to change? `vitest run mcp-servers/proxmox/test/published.test.ts -u` writes the file anew. */
test('the published tools are the ones in the golden file', async () => {
  await expect(`${JSON.stringify(await published(), null, 2)}\n`).toMatchFileSnapshot('golden/tools.json')
})

test('the whole list is at most 36,000 bytes', async () => {
  expect(Buffer.byteLength(JSON.stringify({ tools: await published() }))).toBeLessThanOrEqual(36_000)
})

test('what may cost data or service is marked so, and nothing runs commands, removes guests or touches hosts', async () => {
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
