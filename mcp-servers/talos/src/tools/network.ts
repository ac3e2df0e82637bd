import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { NodeName } from '../arguments.ts'
import type { Resource } from '../cluster.ts'
import { nodeNamed } from '../nodes.ts'
import { defineTool } from '../tool.ts'

const SHOWN = 100

function kind(name: string) {
  return { namespace: 'network', type: `${name}.net.talos.dev` }
}

export const network = defineTool({
  name: 'network',
  title: 'Network of a node',
  effect: 'read',
  description: 'Links with their state, addresses, default routes, name servers and time servers of a node.',
  untrusted: true,
  input: z.strictObject({ node: NodeName }),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        link: z.string(),
        state: z.string(),
        up: z.boolean(),
        type: z.string(),
        mtu: z.number().nullable(),
        hardware_address: z.string().nullable(),
        addresses: z.array(z.string()),
      }),
    ),
    gateways: z.array(z.string()),
    name_servers: z.array(z.string()),
    time_servers: z.array(z.string()),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ node: name }, cluster, { signal }) {
    const node = await nodeNamed(cluster, name, signal)
    const [links, addresses, routes, resolvers, clocks] = await Promise.all(
      ['LinkStatuses', 'AddressStatuses', 'RouteStatuses', 'ResolverStatuses', 'TimeServerStatuses'].map((type) =>
        cluster.resources(node.address, kind(type), signal),
      ),
    )
    const items = (links ?? [])
      .map((link) => viewOf(link, addresses ?? []))
      .toSorted((a, b) => a.link.localeCompare(b.link, 'en', { numeric: true }))
    const up = items.filter((link) => link.up).length
    return {
      summary: `${up} of ${count(items.length, 'link')} up on ${node.name}.`,
      items: items.slice(0, SHOWN),
      gateways: unique((routes ?? []).map(gatewayOf)),
      name_servers: unique((resolvers ?? []).flatMap(({ spec }) => texts(Object(spec).dnsServers))),
      time_servers: unique((clocks ?? []).flatMap(({ spec }) => texts(Object(spec).timeServers))),
      truncated: items.length > SHOWN,
      total: items.length,
    }
  },
})

type LinkSpec = {
  operationalState?: string
  linkState?: boolean
  type?: string
  kind?: string
  mtu?: number
  hardwareAddr?: string
}

function viewOf({ id, spec }: Resource, addresses: readonly Resource[]) {
  const { operationalState = 'unknown', linkState, type = '', kind: of, mtu, hardwareAddr } = Object(spec) as LinkSpec
  return {
    link: id,
    state: operationalState,
    up: operationalState === 'up' || (operationalState === 'unknown' && linkState === true),
    type: of || type,
    mtu: typeof mtu === 'number' ? mtu : null,
    hardware_address: hardwareAddr ?? null,
    addresses: addresses
      .filter((address) => Object(address.spec).linkName === id)
      .flatMap((address) => texts([Object(address.spec).address]))
      .slice(0, 20),
  }
}

/** Only default routes: those without a destination. */
function gatewayOf({ spec }: Resource): string {
  const { dst, gateway } = Object(spec) as { dst?: string; gateway?: string }
  return dst ? '' : (gateway ?? '')
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values)].filter((one) => one !== '').slice(0, 20)
}
