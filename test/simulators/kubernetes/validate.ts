import { type Cause, invalid } from './api-error.ts'
import { isRecord, type KubeObject } from './objects.ts'
import { parseQuantity } from './quantity.ts'
import type { ResourceType } from './resources.ts'
import { same } from './store.ts'

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/
const TEMPLATED = new Set(['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet'])

/** Throws 422 naming every field that an API server would refuse. `current` is undefined for a new object. */
export function validate(type: ResourceType, next: KubeObject, current: KubeObject | undefined): void {
  const causes: Cause[] = []
  const { name } = next.metadata
  if (!NAME.test(name))
    causes.push(
      wrong(
        'metadata.name',
        name,
        'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, "-" or "."',
      ),
    )
  if (TEMPLATED.has(type.kind)) checkWorkload(next, current, causes)
  if (causes.length > 0) throw invalid(type, name, causes)
}

function checkWorkload(next: KubeObject, current: KubeObject | undefined, causes: Cause[]): void {
  const spec = isRecord(next.spec) ? next.spec : {}
  const { replicas } = spec
  if (replicas !== undefined && (typeof replicas !== 'number' || !Number.isInteger(replicas) || replicas < 0)) {
    causes.push(wrong('spec.replicas', replicas, 'must be greater than or equal to 0'))
  }
  if (!isRecord(spec.selector)) causes.push(required('spec.selector'))
  else if (current && !same((current.spec as Record<string, unknown>).selector, spec.selector)) {
    causes.push(wrong('spec.selector', JSON.stringify(spec.selector), 'field is immutable'))
  }
  const template = isRecord(spec.template) ? spec.template : {}
  const podSpec = isRecord(template.spec) ? template.spec : {}
  const containers = Array.isArray(podSpec.containers) ? podSpec.containers : []
  if (containers.length === 0) causes.push(required('spec.template.spec.containers'))
  for (const [index, container] of containers.entries()) {
    checkContainer(isRecord(container) ? container : {}, `spec.template.spec.containers[${index}]`, causes)
  }
  checkLabels(spec.selector, template.metadata, causes)
}

function checkContainer(container: Record<string, unknown>, path: string, causes: Cause[]): void {
  if (typeof container.name !== 'string' || container.name === '') causes.push(required(`${path}.name`))
  if (typeof container.image !== 'string' || container.image === '') causes.push(required(`${path}.image`))
  const resources = isRecord(container.resources) ? container.resources : {}
  const limits = isRecord(resources.limits) ? resources.limits : {}
  const requests = isRecord(resources.requests) ? resources.requests : {}
  for (const [kind, values] of Object.entries({ limits, requests })) {
    for (const [name, value] of Object.entries(values)) {
      const amount = parseQuantity(String(value))
      const field = `${path}.resources.${kind}.${name}`
      if (amount === undefined) causes.push(wrong(field, value, 'quantities must match the regular expression'))
      else if (amount < 0) causes.push(wrong(field, value, 'must be greater than or equal to 0'))
    }
  }
  for (const [name, value] of Object.entries(requests)) {
    const limit = limits[name]
    if (limit === undefined || (parseQuantity(String(value)) ?? 0) <= (parseQuantity(String(limit)) ?? 0)) continue
    causes.push(wrong(`${path}.resources.requests`, value, `must be less than or equal to ${name} limit of ${limit}`))
  }
}

function checkLabels(selector: unknown, metadata: unknown, causes: Cause[]): void {
  const wanted = isRecord(selector) && isRecord(selector.matchLabels) ? selector.matchLabels : {}
  const labels = isRecord(metadata) && isRecord(metadata.labels) ? metadata.labels : {}
  if (Object.entries(wanted).every(([key, value]) => labels[key] === value)) return
  causes.push(
    wrong('spec.template.metadata.labels', JSON.stringify(labels), '`selector` does not match template `labels`'),
  )
}

function wrong(field: string, value: unknown, because: string): Cause {
  const shown = typeof value === 'string' ? JSON.stringify(value) : String(value)
  return { field, reason: 'FieldValueInvalid', message: `Invalid value: ${shown}: ${because}` }
}

function required(field: string): Cause {
  return { field, reason: 'FieldValueRequired', message: 'Required value' }
}
