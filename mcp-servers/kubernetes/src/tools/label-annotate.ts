import { CallerError, Change } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import { Name, Namespace, Rehearsal } from '../arguments.ts'
import { changeObject, probeMark } from '../change-object.ts'
import { LabelledKind } from '../changeable-kinds.ts'
import type { ObjectRef } from '../cluster.ts'
import { wellKnown } from '../kinds.ts'
import type { KubeObject } from '../objects.ts'
import { protectedKey } from '../protected-keys.ts'
import { defineTool } from '../tool.ts'

const Labels = z
  .array(
    z
      .string()
      .max(1_000)
      .regex(/^[\w./-]+(=[\w.-]*|-)$/, 'must be KEY=VALUE, or KEY- to remove it'),
  )
  .max(20)
  .default([])
const Annotations = z
  .array(
    z
      .string()
      .max(1_000)
      .regex(/^[\w./-]+(=.*|-)$/, 'must be KEY=VALUE, or KEY- to remove it'),
  )
  .max(20)
  .default([])

type Where = { kind: z.infer<typeof LabelledKind>; namespace?: string | undefined; name: string }

export const labelAnnotate = defineTool({
  name: 'label_annotate',
  title: 'Label or annotate an object',
  effect: 'write',
  undoable: true,
  idempotent: true,
  description:
    'Sets or removes labels and annotations of one object. Never those of Pod Security, Argo CD, Flux, RBAC, node roles or this server.',
  input: z.strictObject({
    kind: LabelledKind,
    namespace: Namespace.optional(),
    name: Name,
    labels: Labels.describe('KEY=VALUE sets, KEY- removes.'),
    annotations: Annotations.describe('Likewise.'),
    ...Rehearsal,
  }),
  output: Change,
  target: (where) => targetOf(refOf(where)),
  async run({ labels, annotations, dry_run: dryRun, precondition, ...where }, cluster, { signal, effect }) {
    const wanted = { labels: pairsOf(labels), annotations: pairsOf(annotations) }
    refuse(wanted)
    const change = {
      tool: 'label_annotate',
      ref: refOf(where),
      undoable: true,
      values: (live: KubeObject) => valuesOf(live, wanted),
      patch: () => ({ metadata: wanted }),
      warnings: (live: KubeObject) => selectorWarnings(where, live, wanted.labels),
      undo: (live: KubeObject) => ({ ...where, ...backTo(live, wanted) }),
      summary: () => `set ${labels.length + annotations.length} keys of ${where.kind} ${where.name}.`,
    }
    return changeObject(cluster, change, { dryRun, precondition, effect, signal })
  },
  probe: ({ precondition, ...where }, cluster, { effect, signal }) =>
    probeMark(cluster, { ref: refOf(where), precondition, effect, signal }),
})

type Pairs = Record<string, string | null>
type Wanted = { labels: Pairs; annotations: Pairs }

function refOf({ kind: name, namespace, name: object }: Where): ObjectRef {
  const kind = wellKnown(name)
  if (kind.namespaced && !namespace) throw new CallerError('invalid', `A ${name} lives in a namespace: say which.`)
  if (!kind.namespaced && namespace) throw new CallerError('invalid', `A ${name} lives in no namespace: leave it out.`)
  return { kind, namespace, name: object }
}

/** Of what is changed, never of what was said: the deny list must see the same object as the API server. */
function targetOf({ kind, namespace, name }: ObjectRef): string[] {
  return [kind.kind.toLowerCase(), ...(namespace ? [namespace] : []), name]
}

function pairsOf(texts: readonly string[]): Pairs {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=')
      return at < 0 ? [text.slice(0, -1), null] : [text.slice(0, at), text.slice(at + 1)]
    }),
  )
}

function refuse({ labels, annotations }: Wanted): void {
  const keys = [...Object.keys(labels), ...Object.keys(annotations)]
  if (keys.length === 0) throw new CallerError('invalid', 'Say which labels or annotations to set or remove.')
  const because = keys.map(protectedKey).find((found) => found !== undefined)
  if (because) throw new CallerError('refused', `This server does not write it: ${because}.`)
}

function valuesOf({ metadata }: KubeObject, wanted: Wanted) {
  const of = (part: 'labels' | 'annotations') =>
    Object.keys(wanted[part]).map((key): [string, string | null] => [`${part}.${key}`, metadata?.[part]?.[key] ?? null])
  return Object.fromEntries([...of('labels'), ...of('annotations')])
}

/** The same arguments with the values found before. */
function backTo({ metadata }: KubeObject, wanted: Wanted) {
  const of = (part: 'labels' | 'annotations') =>
    Object.keys(wanted[part]).map((key) => {
      const before = metadata?.[part]?.[key]
      return before === undefined ? `${key}-` : `${key}=${before}`
    })
  return { labels: of('labels'), annotations: of('annotations') }
}

/** A pod whose labels change may leave its workload, its Service or its budget. */
function selectorWarnings({ kind }: Where, { metadata }: KubeObject, labels: Pairs): string[] {
  const moved = Object.keys(labels).filter((key) => metadata?.labels?.[key] !== undefined)
  return kind === 'Pod' && moved.length > 0
    ? [`Whatever selects this pod by ${moved.join(', ')} (workload, service, budget) may lose it.`]
    : []
}
