import { CallerError, count, oneLine } from '@watchkeeper/mcp-shared'
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
    columns: z
      .array(z.string().regex(/^[a-z0-9_]{1,40}$/))
      .max(20)
      .optional()
      .describe('Only these: status, node …; those of kubectl -o wide too.'),
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
        columns: z.record(z.string(), Cell),
      }),
    ),
    truncated: z.boolean(),
    total: z.number().nullable(),
    next: z.string().nullable(),
  }),
  async run({ kind: name, namespace, columns: wanted, limit, ...rest }, cluster, { signal }) {
    const kind = await cluster.kind(name, signal)
    const { label_selector: labels, field_selector: fields, continue: from } = rest
    const query = { kind, namespace, labels, fields, limit, continue: from, wide: wanted !== undefined }
    const { columns, rows, next, remaining } = await cluster.table(query, signal)
    const names = columns.map(columnName)
    const unknown = wanted?.find((column) => !names.includes(column))
    if (unknown)
      throw new CallerError('invalid', `${kind.kind} has no column "${unknown}"; it has ${names.join(', ')}.`)
    const items = rows.map((row) => ({
      namespace: row.namespace,
      name: row.name,
      columns: Object.fromEntries(
        names.flatMap((column, at) =>
          (wanted ? wanted.includes(column) : column !== 'name') ? [[column, cell(row.cells[at])]] : [],
        ),
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
