import { oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import { controlPlane, nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

const SHOWN = 60

export const health = defineTool({
  name: 'health',
  title: "Run Talos's health check",
  effect: 'read',
  description:
    "Talos's own check of the whole cluster (etcd, services, kubelets, static pods, node readiness) from one control-plane node, as steps. A step that does not pass in the time is where the trouble is.",
  untrusted: true,
  input: z.strictObject({
    node: NodeName.optional().describe('To check from.'),
    wait_seconds: z.int().min(1).max(25).default(10),
  }),
  output: z.object({
    summary: z.string(),
    healthy: z.boolean(),
    node: z.string(),
    items: z.array(z.object({ step: z.string(), passed: z.boolean(), said: z.string().nullable() })),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node: name, wait_seconds }, cluster, { signal, progress }) {
    const node = name ? await nodeNamed(cluster, name, signal) : (await controlPlane(cluster, signal))[0]
    if (!node) return { summary: 'No control-plane node is known.', healthy: false, node: '', ...empty() }
    progress(0, undefined, `checking from ${node.name}`)
    const { lines, failed } = await cluster.health(node.address, wait_seconds, signal)
    const steps = stepsOf(lines)
    const open = steps.find(({ passed }) => !passed)
    const healthy = failed === null && open === undefined
    const stuck = open ? `${open.step}${open.said ? `: ${open.said}` : ''}` : oneLine(failed ?? '', 300)
    return {
      summary: healthy ? `All ${steps.length} steps passed, seen from ${node.name}.` : `Not healthy: ${stuck}.`,
      healthy,
      node: node.name,
      items: steps.slice(0, SHOWN),
      truncated: steps.length > SHOWN,
      total: steps.length,
    }
  },
})

function empty() {
  return { items: [], truncated: false, total: 0 }
}

/** Lines repeat a step while it waits ("…: ...", "…: reason") and end it with "…: OK": the last word of each step counts. */
export function stepsOf(lines: readonly string[]): { step: string; passed: boolean; said: string | null }[] {
  const steps = new Map<string, { step: string; passed: boolean; said: string | null }>()
  for (const line of lines) {
    const [, name, said] = /^(waiting for .+?|checking .+?): (.*)$/s.exec(line.trim()) ?? []
    if (name === undefined || said === undefined) continue
    const step = oneLine(name.replace(/^waiting for /, ''), 200)
    const passed = said.trim() === 'OK'
    const before = steps.get(step)
    const word = /^\.*$/.test(said.trim()) ? (before?.said ?? null) : oneLine(said, 300)
    steps.set(step, { step, passed, said: passed ? null : word })
  }
  return [...steps.values()]
}
