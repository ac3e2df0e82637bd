import { CallerError, count, oneLine, page, ToolError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { GuestId } from '../arguments.ts'
import type { ProxmoxCluster } from '../cluster.ts'
import { type LiveGuest, nameOf, readGuest } from '../live-guest.ts'
import { iso, num, type Row, text, toRow, toRows } from '../rows.ts'
import { defineTool } from '../tool.ts'

const SERIES = ['cpu', 'mem', 'maxmem', 'netin', 'netout', 'diskread', 'diskwrite'] as const
const POINTS = 24

export const guestMetrics = defineTool({
  name: 'guest_metrics',
  title: "A guest's load over time",
  effect: 'read',
  description: 'Processor, memory, network and disk of a guest over a time, averaged into at most 24 points.',
  input: z.strictObject({
    guest: GuestId,
    timeframe: z.enum(['hour', 'day', 'week', 'month', 'year']).default('hour'),
  }),
  output: z.object({
    summary: z.string(),
    items: z.array(z.record(z.string(), z.unknown())).describe('time, cpu, mem, netin, diskread …'),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ guest, timeframe }, cluster, { signal }) {
    const ref = await cluster.guest(guest, signal)
    const rows = (await cluster.guestMetrics(ref, timeframe, signal)).filter((row) => num(row, 'cpu') !== undefined)
    const every = Math.max(1, Math.ceil(rows.length / POINTS))
    const items = Array.from({ length: Math.ceil(rows.length / every) }, (_, at) =>
      averaged(rows.slice(at * every, (at + 1) * every)),
    )
    const peak = Math.max(0, ...rows.map((row) => num(row, 'cpu') ?? 0))
    return {
      summary: `${count(rows.length, 'sample')} of guest ${guest} over one ${timeframe}, processor at most ${Math.round(peak * 100)} %.`,
      items,
      truncated: false,
      total: items.length,
    }
  },
})

function averaged(rows: readonly Row[]): Record<string, unknown> {
  const means = SERIES.flatMap((name) => {
    const values = rows.flatMap((row) => num(row, name) ?? [])
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    return values.length === 0 ? [] : [[name, name === 'cpu' ? Math.round(mean * 1000) / 1000 : Math.round(mean)]]
  })
  return { time: iso(num(rows[0] ?? {}, 'time')) ?? null, ...Object.fromEntries(means) }
}

export const guestAgentInfo = defineTool({
  name: 'guest_agent_info',
  title: 'Ask inside a guest',
  effect: 'read',
  description:
    "Operating system and addresses by the guest's own agent; of a container its addresses. `answers`: false where the agent is silent.",
  untrusted: true,
  input: z.strictObject({ guest: GuestId }),
  output: z.object({
    summary: z.string(),
    answers: z.boolean(),
    agent: z.string().optional().describe('its version'),
    os: z.string().optional(),
    kernel: z.string().optional(),
    items: z.array(z.object({ interface: z.string(), mac: z.string().optional(), addresses: z.array(z.string()) })),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ guest }, cluster, { signal }) {
    const live = await readGuest(cluster, guest, signal)
    if (live.state !== 'running')
      throw new CallerError('refused', `${nameOf(live)} is ${live.state}: nothing inside it can answer.`)
    if (live.ref.kind === 'lxc') {
      const found = (await cluster.guestInterfaces(live.ref, signal)).map(containerInterface)
      return {
        summary: `${nameOf(live)} has ${count(found.length, 'interface')}.`,
        answers: found.length > 0,
        ...page(found, 64),
      }
    }
    const info = await agentOf(cluster, live, signal)
    if (info === undefined)
      return { summary: `${nameOf(live)} runs, and its agent does not answer.`, answers: false, ...page([], 64) }
    const [os, network] = await Promise.all([
      cluster.guestAgent(live.ref, 'get-osinfo', signal).then(toRow),
      cluster.guestAgent(live.ref, 'network-get-interfaces', signal).then(toRows),
    ])
    const system = oneLine(text(os, 'pretty-name') ?? text(os, 'name') ?? '', 200)
    return {
      summary: `${nameOf(live)} runs ${system || 'an unknown system'}.`,
      answers: true,
      agent: text(info, 'version'),
      os: system || undefined,
      kernel: text(os, 'kernel-release'),
      ...page(network.map(machineInterface), 64),
    }
  },
})

/** What the agent tells of itself; undefined where there is one that does not answer, which is an answer too. */
async function agentOf(cluster: ProxmoxCluster, { ref }: LiveGuest, signal: AbortSignal): Promise<Row | undefined> {
  try {
    return toRow(await cluster.guestAgent(ref, 'info', signal))
  } catch (error) {
    if (error instanceof ToolError && /agent is not running|agent.* got timeout|qga command/i.test(error.message))
      return undefined
    throw error
  }
}

function machineInterface(row: Row) {
  return {
    interface: oneLine(text(row, 'name') ?? '', 60),
    mac: text(row, 'hardware-address'),
    addresses: toRows(row['ip-addresses'])
      .flatMap((one) => text(one, 'ip-address') ?? [])
      .slice(0, 32),
  }
}

function containerInterface(row: Row) {
  return {
    interface: oneLine(text(row, 'name') ?? '', 60),
    mac: text(row, 'hwaddr') ?? text(row, 'hardware-address'),
    addresses: [text(row, 'inet'), text(row, 'inet6')].flatMap((address) => address ?? []),
  }
}
