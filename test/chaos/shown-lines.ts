import type { Change, Entry } from './history.ts'

/** The lines a card must have shown for a change to be what was shown: what is done to what, each value, and the one before. */
export function expectedLines(change: Change, run: Entry, changes: readonly Change[]): RegExp[] {
  const { deed, kind, name, body } = change
  if (deed === 'evict' && run.body.tool === 'kubernetes.drain') return [diffLine('-', `pod chaos/${name}`)]
  const heading = new RegExp(
    `^${Number(run.body.action) + 1} ${escaped(String(run.body.tool))} (.*[ /])?${name}(?![\\w-])`,
    'm',
  )
  if (deed === 'delete') return [heading, boundTo(body), diffLine('-', `${SINGULAR[kind] ?? kind}/${name}`, 'present')]
  if (deed === 'evict') return [heading, boundTo(body), diffLine('-', `pod chaos/${name}`)]
  if (deed === 'create') return [diffLine('+', 'job', `${ownerIn(body)}-wk-`, { whole: false })]
  return [heading, ...valueLines(change, changes)]
}

const SINGULAR: Readonly<Record<string, string>> = { pods: 'pod', configmaps: 'configmap' }

interface Written {
  metadata?: {
    labels?: Record<string, string | null>
    annotations?: Record<string, string | null>
    ownerReferences?: { name: string }[]
  }
  spec?: {
    replicas?: number
    unschedulable?: boolean | null
    template?: { spec?: { containers?: { image?: string; resources?: { limits?: { memory?: string } } }[] } }
  }
  data?: Record<string, string>
}

interface Deletion {
  preconditions?: { uid?: string }
}

/** Another object under the same name is not what was shown: cards tell the beginning of its uid. */
function boundTo(body: unknown): RegExp {
  const { deleteOptions, preconditions } = (body ?? {}) as Deletion & { deleteOptions?: Deletion }
  const { uid = 'none' } = preconditions ?? deleteOptions?.preconditions ?? {}
  return new RegExp(`^\\s*only if unchanged: .*\\buid ${escaped(uid.slice(0, 8))}`, 'm')
}

type Values = { field: string; value: string | null }[]

function ownerIn(body: unknown): string {
  return (body as Written).metadata?.ownerReferences?.[0]?.name ?? ''
}

/** How an object of a run begins. */
function initial({ kind, name, body }: Change): Values {
  // A node is closed or opened only when it was not so before.
  if (kind === 'nodes')
    return [{ field: 'unschedulable', value: String((body as Written).spec?.unschedulable !== true) }]
  return [
    { field: 'limits.memory', value: '256Mi' },
    { field: 'replicas', value: '1' },
    { field: 'image', value: `ghcr.io/example/${name}:1.4.2` },
  ]
}

/** What a change sets; a restart sets the hour it is made, which no card can know. */
function valuesOf({ kind, body }: Pick<Change, 'kind' | 'body'>): Values {
  const { spec = {}, metadata = {}, data = {} } = (body ?? {}) as Written
  const { image, resources } = spec.template?.spec?.containers?.[0] ?? {}
  const memory = resources?.limits?.memory
  return [
    ...(memory === undefined ? [] : [{ field: 'limits.memory', value: memory }]),
    ...(image === undefined ? [] : [{ field: 'image', value: image }]),
    ...(spec.replicas === undefined ? [] : [{ field: 'replicas', value: String(spec.replicas) }]),
    ...(kind === 'nodes' && 'unschedulable' in spec
      ? [{ field: 'unschedulable', value: String(spec.unschedulable ?? false) }]
      : []),
    ...entriesOf('labels', metadata.labels),
    ...entriesOf('annotations', metadata.annotations),
    ...entriesOf('data', data),
  ]
}

/** The mark is ours to write and no part of what was asked for. */
function entriesOf(part: string, entries: Record<string, string | null> = {}): Values {
  const asked = Object.entries(entries).filter(([key]) => key !== 'watchkeeper/effects')
  return asked.map(([key, value]) => ({ field: `${part}.${key}`, value }))
}

function valueLines(change: Change, changes: readonly Change[]): RegExp[] {
  const { kind, name, at } = change
  const earlier = changes.filter((one) => one.kind === kind && one.name === name && one.at < at)
  const known = [...initial(change), ...earlier.flatMap(valuesOf)]
  return valuesOf(change).flatMap(({ field, value }) => {
    const before = known.findLast((one) => one.field === field)?.value
    if (before === value) return []
    return [
      ...(value === null ? [] : [diffLine('+', field, value)]),
      ...(before === undefined || before === null ? [] : [diffLine('-', field, before)]),
    ]
  })
}

/** Cards name the container as well, in words of their own. */
function diffLine(sign: '+' | '-', field: string, value?: string, { whole = true } = {}): RegExp {
  const shown = value === undefined ? '.' : `"?${escaped(value)}${whole ? '"?$' : ''}`
  return new RegExp(`^\\s*\\${sign} [^:\\n]*\\b${escaped(field)}(?![\\w-])[^:\\n]*: ${shown}`, 'm')
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}
