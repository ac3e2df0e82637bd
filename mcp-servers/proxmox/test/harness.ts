import { type TestServer, testServer } from '@watchkeeper/mcp-shared/testing'
import type { ProxmoxCluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'

export const NOW = Date.parse('2026-11-01T11:00:00Z')

/** The server's tools over the real protocol, on this cluster; `now` stands still. */
export function serverOn(cluster: ProxmoxCluster): Promise<TestServer> {
  return testServer<ProxmoxCluster>(tools, { [cluster.name]: cluster }, { now: () => NOW, validating: false })
}

/** Calls a tool and returns its data, error answers included. */
export async function ask(
  cluster: ProxmoxCluster,
  tool: string,
  args: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  return (await (await serverOn(cluster)).call(tool, args)).structuredContent
}

/** Makes a change, with a grant for exactly this call. */
export async function change(
  cluster: ProxmoxCluster,
  tool: string,
  args: Record<string, unknown>,
  effect = crypto.randomUUID() as string,
): Promise<Record<string, unknown>> {
  const server = await serverOn(cluster)
  return (await server.call(tool, { ...args, dry_run: false }, { grant: true, effect })).structuredContent
}
