import { CallerError, count, oneLine, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { GuestId } from '../arguments.ts'
import { missingPrivileges } from '../privileges.ts'
import { flag, num, type Row, text, toRow } from '../rows.ts'
import { defineTool } from '../tool.ts'

export const firewallRules = defineTool({
  name: 'firewall_rules',
  title: 'List firewall rules',
  effect: 'read',
  description: 'The firewall rules of the cluster, or of one virtual machine, in the order in which they are tried.',
  untrusted: true,
  input: z.strictObject({ guest: GuestId.optional() }),
  output: z.object({
    summary: z.string(),
    items: z.array(z.record(z.string(), z.unknown())).describe('pos, type, action, enabled, proto, source, dport …'),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ guest }, cluster, { signal }) {
    const ref = guest === undefined ? undefined : await cluster.guest(guest, signal)
    if (ref?.kind === 'lxc')
      throw new CallerError('invalid', `Guest ${guest} is a container; its rules are not read here.`)
    const items = (await cluster.firewallRules(ref, signal))
      .map(ruleView)
      .toSorted((a, b) => (a.pos ?? 0) - (b.pos ?? 0))
    return {
      summary: `${count(items.length, 'rule')} of ${guest ? `guest ${guest}` : 'the cluster'}.`,
      ...page(items, 200),
    }
  },
})

function ruleView(row: Row) {
  const fields = ['type', 'action', 'macro', 'proto', 'source', 'dest', 'dport', 'sport', 'iface', 'comment']
  const set = fields.flatMap((field) => {
    const value = text(row, field)
    return value === undefined ? [] : [[field, oneLine(value, 300)]]
  })
  return { pos: num(row, 'pos'), enabled: flag(row, 'enable'), ...Object.fromEntries(set) }
}

export const permissions = defineTool({
  name: 'permissions',
  title: "What this server's tokens may do",
  effect: 'read',
  description: 'Privileges of the reader and the operator token by path, and which tools lack one that they need.',
  input: z.strictObject({}),
  output: z.object({
    summary: z.string(),
    items: z.array(z.object({ token: z.string(), path: z.string(), privileges: z.array(z.string()) })),
    missing: z.array(z.string()),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run(_input, cluster, { signal }) {
    const [reader, operator] = await Promise.all([
      cluster.permissions('reader', signal),
      cluster.permissions('operator', signal),
    ])
    const items = [...itemsOf('reader', reader), ...itemsOf('operator', operator)]
    const missing = [...missingPrivileges('reader', reader), ...missingPrivileges('operator', operator)]
    return {
      summary:
        missing.length === 0
          ? 'Both tokens have every privilege somewhere; a path may still be left out.'
          : `${count(missing.length, 'privilege')} missing: ${missing.slice(0, 3).join('; ')}${missing.length > 3 ? ' …' : ''}`,
      ...page(items, 200),
      missing,
    }
  },
})

function itemsOf(token: string, byPath: Row) {
  return Object.entries(byPath)
    .map(([path, granted]) => ({
      token,
      path: oneLine(path, 200),
      privileges: Object.keys(toRow(granted))
        .filter((name) => /^[A-Za-z.]+$/.test(name))
        .toSorted(),
    }))
    .toSorted((a, b) => a.path.localeCompare(b.path))
}
