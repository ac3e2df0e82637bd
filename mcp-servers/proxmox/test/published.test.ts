import { testServer } from '@watchkeeper/mcp-shared/testing'
import { expect, test } from 'vitest'
import { proxmoxRules } from '../../../src/tools/rules/proxmox.ts'
import type { ProxmoxCluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'
import { fakeCluster } from './fake-cluster.ts'
import { serverOn } from './harness.ts'

async function published(cluster: ProxmoxCluster = fakeCluster()) {
  return (await (await serverOn(cluster)).client.listTools()).tools
}

/** What clients pin. Meant to change? `vitest run mcp-servers/proxmox/test/published.test.ts -u` writes the file anew. */
test('A20: the published tools are the ones in the golden file', async () => {
  await expect(`${formatted(await published())}\n`).toMatchFileSnapshot('golden/tools.json')
})

/** JSON as the formatter of this repository writes it: lists of short texts on one line. */
function formatted(value: unknown): string {
  return JSON.stringify(value, null, 2).replace(
    /^( *)(.*)\[\n((?: *"[^"\n]*",?\n)+) *\]/gm,
    (whole, indent, head, list) => {
      const line = `${indent}${head}[${list.trim().replace(/,\n */g, ', ')}]`
      return line.length <= 119 ? line : whole
    },
  )
}

test('the whole list is at most 36,000 bytes, with several clusters too', async () => {
  const several = await testServer<ProxmoxCluster>(tools, { homelab: fakeCluster(), cabin: fakeCluster() })
  const { tools: list } = await several.client.listTools()
  expect(Buffer.byteLength(JSON.stringify({ tools: await published() }))).toBeLessThanOrEqual(36_000)
  expect(Buffer.byteLength(JSON.stringify({ tools: list }))).toBeLessThanOrEqual(36_000)
})

test('the rules of the agent say the same as the server of every tool', async () => {
  const said = (await published()).map(({ name, _meta }) => [
    `proxmox.${name}`,
    { effect: _meta?.['watchkeeper/effect'], undoable: _meta?.['watchkeeper/undoable'] ?? false },
  ])
  expect(Object.fromEntries(said)).toEqual(proxmoxRules)
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
