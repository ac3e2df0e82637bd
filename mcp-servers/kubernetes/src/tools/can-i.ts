import { CallerError, count, page } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { KindName, Name, Namespace } from '../arguments.ts'
import { privilegesOf } from '../privileges.ts'
import { defineTool } from '../tool.ts'

export const canI = defineTool({
  name: 'can_i',
  title: 'See what this server may do',
  effect: 'read',
  description:
    'Whether a credential of this server may do one thing (verb and kind), or without them all it may do in a namespace. Changes use the operator.',
  input: z.strictObject({
    credential: z.enum(['reader', 'operator']).default('reader'),
    namespace: Namespace.optional(),
    verb: z
      .string()
      .regex(/^[a-z]{1,30}$/)
      .optional()
      .describe('get, list, patch, delete …'),
    kind: KindName.optional(),
    subresource: z
      .string()
      .regex(/^[a-z]{1,30}$/)
      .optional()
      .describe('log, eviction …'),
    name: Name.optional(),
  }),
  output: z.object({
    summary: z.string(),
    credential: z.string(),
    allowed: z.boolean().nullable().describe('null where all was asked'),
    reason: z.string().nullable(),
    items: z.array(z.string()).describe('"get deployments.apps"'),
    truncated: z.boolean(),
    total: z.number(),
    next: z.null(),
  }),
  async run({ credential, namespace, verb, kind: kindName, subresource, name }, cluster, { signal }) {
    if ((verb === undefined) !== (kindName === undefined))
      throw new CallerError('invalid', 'Give both verb and kind, or neither.')
    const common = { credential, truncated: false, next: null }
    if (verb !== undefined && kindName !== undefined) {
      const kind = await cluster.kind(kindName, signal)
      const { allowed, reason } = await cluster.may({ verb, kind, subresource, namespace, name }, credential, signal)
      const what = `${verb} ${kind.plural}${subresource ? `/${subresource}` : ''}${kind.group ? `.${kind.group}` : ''}`
      const where = namespace ? `in ${namespace}` : 'in the whole cluster'
      const summary = `The ${credential} ${allowed ? 'may' : 'may not'} ${what} ${where}.`
      return { ...common, summary, allowed, reason, items: allowed ? [what] : [], total: allowed ? 1 : 0 }
    }
    const { rules, incomplete } = await cluster.rules(namespace ?? 'default', credential, signal)
    const { items, total, truncated } = page(privilegesOf(rules), 1_000)
    const summary = `The ${credential} has ${count(total, 'privilege')} in ${namespace ?? 'default'}${incomplete ? ', and perhaps more' : ''}.`
    return { ...common, summary, allowed: null, reason: null, items, total, truncated: truncated || incomplete }
  },
})
