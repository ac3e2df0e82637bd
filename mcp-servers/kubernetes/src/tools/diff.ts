import { brief, clip, count } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Namespace } from '../arguments.ts'
import { unlessGone } from '../change-object.ts'
import { AppliedKind } from '../changeable-kinds.ts'
import { gitopsOwner } from '../gitops.ts'
import { wellKnown } from '../kinds.ts'
import { Manifest, readManifest } from '../manifest.ts'
import { diffObjects } from '../object-diff.ts'
import type { KubeObject } from '../objects.ts'
import { defineTool } from '../tool.ts'

const Value = z.union([z.string(), z.number(), z.boolean(), z.null()])

export const diff = defineTool({
  name: 'diff',
  title: 'Compare a manifest with what runs',
  effect: 'read',
  description:
    'What applying a manifest would change, field by field, by the API server itself (a dry run; nothing is written). Fields other managers hold are compared too.',
  input: z.strictObject({ kind: AppliedKind, namespace: Namespace, name: Name, manifest: Manifest }),
  output: z.object({
    summary: z.string(),
    exists: z.boolean(),
    items: z.array(brief(z.object({ field: z.string(), from: Value, to: Value }))),
    gitops: brief(z.object({ owner: z.string(), by: z.string() })).nullable(),
    truncated: z.boolean(),
    total: z.number(),
    next: z.null(),
  }),
  async run({ kind: kindName, namespace, name, manifest: text }, cluster, { signal }) {
    const ref = { kind: wellKnown(kindName), namespace, name }
    const manifest = await readManifest(text, ref)
    const live = await unlessGone(cluster.readForChange<KubeObject>(ref, signal))
    const next = await cluster.apply<KubeObject>(ref, manifest, { dryRun: true, force: true }, signal)
    const items = diffObjects(live, { ...next, kind: kindName })
    const what = `${kindName} ${namespace}/${name}`
    return {
      summary: clip(live ? `${what}: ${count(items.length, 'field')} would change.` : `${what} would be made.`, 300),
      exists: live !== undefined,
      items,
      gitops: gitopsOwner(live?.metadata),
      truncated: false,
      total: items.length,
      next: null,
    }
  },
})
