import { count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Access } from '../access.ts'
import { defineTool } from '../tool.ts'

const DAY = 86_400_000
const SOON = 14

const Certificate = z.object({
  role: z.string().nullable(),
  organizations: z.array(z.string()),
  expires: z.string(),
  days_left: z.number(),
})

export const clustersList = defineTool({
  name: 'clusters_list',
  title: 'List the clusters',
  effect: 'read',
  description: 'The configured clusters, what role each certificate has and when it expires. Asks no node anything.',
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(
      z.object({
        name: z.string(),
        endpoints: z.array(z.string()),
        reader: Certificate,
        operator: Certificate,
        warnings: z.array(z.string()),
      }),
    ),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, _cluster, { ports, now }) {
    const items = [...ports.values()].map(({ name, endpoints, reader, operator }) => ({
      name,
      endpoints: [...endpoints],
      reader: describeAccess(reader, now()),
      operator: describeAccess(operator, now()),
      warnings: [...new Set([reader, operator].flatMap((access) => warningsOf(access, now())))],
    }))
    const warned = items.filter(({ warnings }) => warnings.length > 0).map(({ name }) => name)
    return {
      summary: `${count(items.length, 'cluster')}${warned.length > 0 ? `; look at the certificates of ${warned.join(', ')}` : ''}.`,
      items,
      truncated: false,
      total: items.length,
    }
  },
})

function describeAccess({ role, organizations, expires }: Access, now: number) {
  return {
    role: role ?? null,
    organizations: [...organizations],
    expires: expires.toISOString(),
    days_left: Math.floor((expires.getTime() - now) / DAY),
  }
}

function warningsOf({ role, expires }: Access, now: number): string[] {
  const days = Math.floor((expires.getTime() - now) / DAY)
  return [
    ...(days < 0 ? ['The certificate has expired: make a new one with talosctl config new.'] : []),
    ...(days >= 0 && days < SOON ? [`The certificate expires in ${count(days, 'day')}.`] : []),
    ...(role === undefined ? ['The certificate has none of the roles os:reader, os:operator and os:admin.'] : []),
  ]
}
