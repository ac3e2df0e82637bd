import { z } from 'zod'
import { KindName, Name, Namespace } from '../arguments.ts'
import { boundObject } from '../bound-object.ts'
import { maskObject } from '../mask-object.ts'
import { readObject } from '../read-object.ts'
import { defineTool } from '../tool.ts'

export const get = defineTool({
  name: 'get',
  title: 'Read one object',
  effect: 'read',
  description:
    'The whole object as the API server has it, without managed fields and last-applied copies; secret values masked. `describe` is shorter and says more about what happens to it.',
  untrusted: true,
  input: z.strictObject({ kind: KindName, namespace: Namespace.optional(), name: Name }),
  output: z.object({
    summary: z.string(),
    object: z.record(z.string(), z.unknown()),
    truncated: z.boolean(),
    total: z.number(),
  }),
  async run({ kind: name, ...where }, cluster, { signal }) {
    const { kind, object } = await readObject(cluster, { kind: name, ...where }, signal)
    const shown = boundObject({ ...maskObject(object), kind: kind.kind })
    return {
      summary: `${kind.kind} ${where.namespace ? `${where.namespace}/` : ''}${where.name}${shown.truncated ? ', shortened' : ''}.`,
      object: shown.object,
      truncated: shown.truncated,
      total: 1,
    }
  },
})
