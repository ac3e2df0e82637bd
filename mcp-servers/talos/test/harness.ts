import { valuesDigest } from '@watchkeeper/mcp-shared'
import { type TestServer, testServer } from '@watchkeeper/mcp-shared/testing'
import type { TalosCluster } from '../src/cluster.ts'
import { tools } from '../src/tools/index.ts'

export const NOW = Date.parse('2026-11-01T11:00:00Z')

/** The server's tools over the real protocol, on this cluster; `now` stands still. */
export function serverOn(cluster: TalosCluster): Promise<TestServer> {
  return testServer<TalosCluster>(tools, { [cluster.name]: cluster }, { now: () => NOW, validating: false })
}

type Answer = Record<string, unknown>

/** Calls a tool and returns its data, error answers included. */
export async function ask(cluster: TalosCluster, tool: string, args: Record<string, unknown>): Promise<Answer> {
  return (await (await serverOn(cluster)).call(tool, args)).structuredContent
}

/** Makes a change with a grant, as after its own dry run unless told otherwise. */
export async function change(cluster: TalosCluster, tool: string, args: Record<string, unknown>): Promise<Answer> {
  const server = await serverOn(cluster)
  const { precondition } = (await server.call(tool, args)).structuredContent
  const real = { ...args, ...(precondition ? { precondition } : {}), dry_run: false }
  return (await server.call(tool, real, { grant: true })).structuredContent
}

/** What a probe says of this call. */
export async function probe(cluster: TalosCluster, tool: string, args: Record<string, unknown>): Promise<unknown> {
  const sent = { tool, arguments: args, effect: crypto.randomUUID() }
  return (await ask(cluster, 'probe_effect', sent)).state
}

export function preconditionOf(node: string, values: Record<string, unknown>) {
  return { uid: `uid-${node}`, generation: null, values: valuesDigest(values) }
}
