import { CallerError } from '@watchkeeper/mcp-shared'
import type { Values } from './change-object.ts'
import type { Container, Workload } from './objects.ts'
import { cpuArgument, memoryArgument, parseQuantity } from './quantity.ts'

/** Where each argument of `set_resources` is kept in a container. */
const PLACES = {
  memory: ['limits', 'memory'],
  memory_request: ['requests', 'memory'],
  cpu: ['limits', 'cpu'],
  cpu_request: ['requests', 'cpu'],
} as const

export type ResourceField = keyof typeof PLACES
/** The quantities to write, by argument, in the order of `PLACES`; null removes one. */
export type Planned = ReadonlyMap<ResourceField, string | null>

export function plannedResources(wanted: Partial<Record<ResourceField, string | number | null | undefined>>): Planned {
  const planned = new Map<ResourceField, string | null>()
  for (const field of fields()) {
    const value = wanted[field]
    if (value === undefined) continue
    const write = PLACES[field][1] === 'memory' ? memoryArgument : cpuArgument
    planned.set(field, value === null ? null : write(field, value))
  }
  return planned
}

/** The container that is meant: the named one, the only one, or the one its annotation calls the default. */
export function chooseContainer(
  { metadata, spec }: Workload,
  wanted: string | undefined,
): Container & { name: string } {
  const template = spec?.template
  const containers = (template?.spec?.containers ?? []).filter(
    (one): one is Container & { name: string } => one.name !== undefined,
  )
  const fallback = template?.metadata?.annotations?.['kubectl.kubernetes.io/default-container']
  const name = wanted ?? (containers.length === 1 ? containers[0]?.name : fallback)
  const found = containers.find((one) => one.name === name)
  if (found) return found
  const names = containers.map((one) => one.name).join(', ')
  throw new CallerError('invalid', `${metadata?.name} has the containers ${names}: say which with "container".`)
}

/** The live values of the planned fields, named as people read them: `app.limits.memory`. */
export function resourceValues(container: Container & { name: string }, planned: Planned): Values {
  return Object.fromEntries(
    [...planned.keys()].map((field) => [`${container.name}.${PLACES[field].join('.')}`, read(container, field)]),
  )
}

/** A strategic merge patch of one container. Refuses a limit below its request, which the API server would refuse in worse words. */
export function resourcesPatch(container: Container & { name: string }, planned: Planned): { spec: object } {
  for (const what of ['memory', 'cpu'] as const) {
    const limit = after(container, planned, what)
    const request = after(container, planned, `${what}_request`)
    if (limit !== null && request !== null && (parseQuantity(limit) ?? 0) < (parseQuantity(request) ?? 0)) {
      const missing = planned.has(what) ? `${what}_request` : what
      const hint = planned.has(what) && planned.has(`${what}_request`) ? '' : ` Give ${missing} too.`
      throw new CallerError(
        'invalid',
        `The ${what} limit ${limit} of ${container.name} would be below its request ${request}.${hint}`,
      )
    }
  }
  const resources: Record<string, Record<string, string | null>> = {}
  for (const [field, value] of planned) {
    const [group, name] = PLACES[field]
    resources[group] = { ...resources[group], [name]: value }
  }
  return { spec: { template: { spec: { containers: [{ name: container.name, resources }] } } } }
}

/** The arguments that put the planned fields back to what they are now. */
export function undoResources(
  container: Container & { name: string },
  planned: Planned,
): Record<string, string | null> {
  const before = [...planned.keys()].map((field): [string, string | null] => [field, read(container, field)])
  return { container: container.name, ...Object.fromEntries(before) }
}

function after(container: Container, planned: Planned, field: ResourceField): string | null {
  const value = planned.get(field)
  return value === undefined ? read(container, field) : value
}

function read({ resources }: Container, field: ResourceField): string | null {
  const [group, name] = PLACES[field]
  return resources?.[group]?.[name] ?? null
}

function fields(): ResourceField[] {
  return ['memory', 'memory_request', 'cpu', 'cpu_request']
}
