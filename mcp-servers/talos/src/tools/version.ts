import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import type { TalosCluster } from '../cluster.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

const SHOWN = 100

export const version = defineTool({
  name: 'version',
  title: 'Versions of Talos',
  effect: 'read',
  description: 'Which version of Talos each node runs, or one node; with what it was built from and its platform.',
  input: z.strictObject({ node: NodeName.optional() }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        node: z.string(),
        version: z.string().nullable(),
        arch: z.string(),
        platform: z.string(),
        sha: z.string(),
        error: z.string().nullable(),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node }, cluster, { signal }) {
    const all = node ? [await nodeNamed(cluster, node, signal)] : await cluster.members(signal)
    const items = await Promise.all(
      all.slice(0, SHOWN).map(async ({ name, address }) => ({ node: name, ...(await ask(cluster, address, signal)) })),
    )
    const versions = [...new Set(items.flatMap(({ version: tag }) => tag ?? []))].sort()
    const silent = items.filter(({ error }) => error !== null).length
    return {
      summary: `${versions.join(', ') || 'No version known'} on ${count(items.length - silent, 'node')}${silent > 0 ? `; ${silent} did not answer` : ''}.`,
      items,
      truncated: all.length > SHOWN,
      total: all.length,
    }
  },
})

async function ask(cluster: TalosCluster, address: string, signal: AbortSignal) {
  try {
    const { tag, arch, platform, sha } = await cluster.version(address, signal)
    return { version: tag, arch, platform, sha, error: null }
  } catch (error) {
    signal.throwIfAborted()
    const said = error instanceof Error ? error.message : 'no answer'
    return { version: null, arch: '', platform: '', sha: '', error: said }
  }
}
