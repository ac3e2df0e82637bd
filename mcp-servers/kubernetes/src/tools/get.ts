import { z } from 'zod'
import { KindName, Name, Namespace } from '../arguments.ts'
import { boundObject } from '../bound-object.ts'
import { at } from '../details.ts'
import { maskObject } from '../mask-object.ts'
import { readObject } from '../read-object.ts'
import { defineTool } from '../tool.ts'

const Fields = z
  .array(z.string().regex(/^[A-Za-z][\w./-]{0,200}$/, 'must be a path, such as "spec.replicas"'))
  .max(20)
  .optional()
  .describe('Only these parts: spec.replicas, status.conditions.')

export const get = defineTool({
  name: 'get',
  title: 'Read one object',
  effect: 'read',
  description:
    'The whole object as the API server has it, without managed fields and last-applied copies; secret values masked. `describe` is shorter and says more about what happens to it.',
  untrusted: true,
  input: z.strictObject({ kind: KindName, namespace: Namespace.optional(), name: Name, fields: Fields }),
  output: z.object({
    summary: z.string(),
    object: z.record(z.string(), z.unknown()),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ kind: name, fields, ...where }, cluster, { signal }) {
    const { kind, object } = await readObject(cluster, { kind: name, ...where }, signal)
    const masked = { ...maskObject(object), kind: kind.kind }
    const shown = boundObject(fields ? partsOf(masked, fields) : masked)
    return {
      summary: `${kind.kind} ${where.namespace ? `${where.namespace}/` : ''}${where.name}${shown.truncated ? ', shortened' : ''}.`,
      object: shown.object,
      truncated: shown.truncated,
      total: 1,
    }
  },
})

/** The named parts by their paths; null for what is not there. Names with dots in them are reached by their parent. */
function partsOf(object: Record<string, unknown>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(fields.map((field) => [field, at(object, ...field.split('.')) ?? null]))
}
