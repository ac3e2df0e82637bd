import { type TestServer, testServer } from '@watchkeeper/mcp-shared/testing'
import type { Cluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'

export const NOW = Date.parse('2026-11-01T11:00:00Z')

/** The server's tools over the real protocol, on this cluster; `now` stands still. */
export function serverOn(cluster: Cluster): Promise<TestServer> {
  return testServer<Cluster>(tools, { [cluster.name]: cluster }, { now: () => NOW, validating: false })
}

/** Calls a tool and returns its data, error answers included. */
export async function ask(
  cluster: Cluster,
  tool: string,
  args: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  return (await (await serverOn(cluster)).call(tool, args)).structuredContent
}
