import { z } from 'zod'
import type { CatalogueTool, ToolCatalogue } from '../../src/knowledge/tool-catalogue.ts'

/** Some of the Kubernetes server's tools, with no more in their schemas than the tests of the lint rely on. */

const Workload = z.string().regex(/^(deployment|statefulset|daemonset)\/[a-z0-9.-]+$/)
const Namespace = z.string().regex(/^[a-z0-9-]{1,63}$/)
const Name = z.string().regex(/^[a-z0-9.-]{1,253}$/)
const Amount = z.union([z.string().regex(/^\d+(\.\d+)?([KMGT]i?|m)?$/), z.number().min(0)])

const Container = z.object({
  name: z.string(),
  restarts: z.int(),
  state_reason: z.string().nullable(),
  last_reason: z.string().nullable(),
  last_exit_code: z.int().nullable(),
  limits: z.object({ memory: z.number().nullable(), cpu: z.number().nullable() }),
})

const Described = z.object({
  summary: z.string(),
  workload: z.string().nullable(),
  containers: z.array(Container),
  limit: z.number().nullable(),
  events: z.array(z.looseObject({})),
  gitops: z.string().nullable(),
})

const RolloutStatus = z.object({
  summary: z.string(),
  available: z.boolean(),
  desired: z.int(),
  ready: z.int(),
  updated: z.int(),
  restarts: z.int(),
  restarts_since: z.int(),
  progressing: z.boolean(),
  reason: z.string().nullable(),
})

const Change = z.object({ summary: z.string(), dry_run: z.boolean() })
const Items = z.object({ summary: z.string(), items: z.array(z.looseObject({})) })
const Overview = z.object({
  summary: z.string(),
  nodes: z.array(z.looseObject({ name: z.string(), ready: z.boolean() })),
})

function tool(
  effect: CatalogueTool['effect'],
  undoable: boolean,
  input: z.ZodRawShape,
  output: z.ZodObject,
): CatalogueTool {
  const inputSchema = z.toJSONSchema(z.strictObject(input), { io: 'input' })
  return { effect, undoable, inputSchema, outputSchema: z.toJSONSchema(output, { io: 'output' }) }
}

const agentAdds = {
  dry_run: z.boolean().default(true),
  precondition: z.object({ uid: z.string(), values: z.string() }).optional(),
}

const kubernetes: Readonly<Record<string, CatalogueTool>> = {
  cluster_overview: tool('read', false, {}, Overview),
  list: tool('read', false, { kind: z.string(), namespace: Namespace.optional(), limit: z.int().optional() }, Items),
  get: tool('read', false, { kind: z.string(), namespace: Namespace.optional(), name: Name }, z.looseObject({})),
  describe: tool('read', false, { kind: z.string(), namespace: Namespace.optional(), name: Name }, Described),
  events: tool('read', false, { namespace: Namespace.optional(), name: Name.optional() }, Items),
  logs: tool(
    'read',
    false,
    {
      namespace: Namespace,
      pod: Name.optional(),
      workload: Workload.optional(),
      previous: z.boolean().optional(),
      tail: z.int().min(1).max(1_000).optional(),
      grep: z.string().max(200).optional(),
    },
    Items,
  ),
  rollout_status: tool('read', false, { namespace: Namespace, workload: Workload }, RolloutStatus),
  rollout_restart: tool('write', false, { namespace: Namespace, workload: Workload, ...agentAdds }, Change),
  set_resources: tool(
    'write',
    true,
    {
      namespace: Namespace,
      workload: Workload,
      container: Name.optional(),
      memory: Amount.optional(),
      cpu: Amount.optional(),
      ...agentAdds,
    },
    Change,
  ),
  scale: tool(
    'destructive',
    true,
    { namespace: Namespace, workload: Workload, replicas: z.int().min(0).max(1_000), ...agentAdds },
    Change,
  ),
}

export const catalogue: ToolCatalogue = new Map(
  Object.entries(kubernetes).map(([name, definition]) => [`kubernetes.${name}`, definition] as const),
)
