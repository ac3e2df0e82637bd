import { count, oneLine } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Continue, FieldSelector, KindName, LabelSelector, Namespace } from '../arguments.ts'
import { defineTool } from '../tool.ts'

const Cell = z.union([z.string(), z.number(), z.boolean(), z.null()])

export const list = defineTool({
  name: 'list',
  title: 'List objects of a kind',
  effect: 'read',
  description:
    'Objects of any kind, custom resources too, in the columns that kubectl shows. No namespace: all of them. Ask for the next page with `next`.',
  untrusted: true,
  input: z.strictObject({
    kind: KindName,
    namespace: Namespace.optional(),
    label_selector: LabelSelector.optional(),
    field_selector: FieldSelector.optional(),
    limit: z.int().min(1).max(200).default(50),
    continue: Continue.optional(),
  }),
  output: z.object({
    summary: z.string(),
    kind: z.string(),
    items: z.array(
      z.object({
        namespace: z.string().nullable(),
        name: z.string(),
        columns: z.record(z.string(), Cell).describe('by lower-case column name: ready, status, restarts, age …'),
      }),
    ),
    truncated: z.boolean(),
    total: z.number().nullable().describe('null where the API server does not say'),
    next: z.string().nullable(),
  }),
  async run({ kind: name, namespace, label_selector, field_selector, limit, continue: from }, cluster, { signal }) {
    const kind = await cluster.kind(name, signal)
    const query = { kind, namespace, labels: label_selector, fields: field_selector, limit, continue: from }
    const { columns, rows, next, remaining } = await cluster.table(query, signal)
    const names = columns.map(columnName)
    const items = rows.map((row) => ({
      namespace: row.namespace,
      name: row.name,
      columns: Object.fromEntries(
        names.flatMap((column, at) => (column === 'name' ? [] : [[column, cell(row.cells[at])]])),
      ),
    }))
    const where = kind.namespaced ? (namespace ? ` in ${namespace}` : ' in all namespaces') : ''
    return {
      summary: `${count(items.length, kind.kind, kind.plural)}${where}${next ? ', and more' : ''}.`,
      kind: kind.kind,
      items,
      truncated: next !== null,
      total: remaining !== null ? items.length + remaining : next === null && from === undefined ? items.length : null,
      next,
    }
  },
})

function columnName(column: string): string {
  return column
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_|_$/g, '')
}

function cell(value: unknown): z.infer<typeof Cell> {
  if (typeof value === 'number' || typeof value === 'boolean') return value
  if (value === null || value === undefined) return null
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value), 300)
}
