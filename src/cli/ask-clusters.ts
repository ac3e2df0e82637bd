import { z } from 'zod'
import type { Toolbox } from '../tools/toolbox.ts'

/** Longer than a server waits for a cluster that says nothing. */
const PATIENCE_MS = 15_000

const Listed = z.object({
  items: z.array(
    z.object({
      name: z.string(),
      reachable: z.boolean().optional(),
      /** What the Talos server has in its place: null where the cluster does not answer. */
      nodes: z.number().nullish(),
      problem: z.string().nullish(),
      warnings: z.array(z.string()).default([]),
    }),
  ),
})

/** How the clusters behind one server are, for people. */
export interface Clusters {
  well: boolean
  detail: string
}

/**
 * Asks each of these servers for its clusters: that a server answers says nothing about what stands behind it. A server that
 * lists none, as the one that asks this agent, is left out.
 */
export async function askClusters(toolbox: Toolbox, servers: readonly string[]): Promise<Map<string, Clusters>> {
  const asked = servers.map(async (server): Promise<[string, Clusters][]> => {
    const lists = await toolbox.find(`${server}.clusters_list`)
    return lists ? [[server, await askOne(toolbox, server)]] : []
  })
  return new Map((await Promise.all(asked)).flat())
}

async function askOne(toolbox: Toolbox, server: string): Promise<Clusters> {
  const answer = await toolbox.call(`${server}.clusters_list`, {}, { deadlineMs: PATIENCE_MS })
  if (!answer.ok) return { well: false, detail: answer.message }
  const listed = Listed.safeParse(answer.result)
  if (!listed.success) return { well: false, detail: 'It lists its clusters in a shape that is not known.' }
  const clusters = listed.data.items.map(({ name, reachable, nodes, problem, warnings }) => {
    const there = reachable ?? typeof nodes === 'number'
    const said = [...(problem ? [problem] : []), ...warnings].map((text) => ` ${sentence(text)}`).join('')
    return { there, text: `${name} ${there ? 'answers' : 'does not answer'}.${said}` }
  })
  return { well: clusters.every(({ there }) => there), detail: clusters.map(({ text }) => text).join(' ') }
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}
