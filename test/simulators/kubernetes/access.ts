import { ApiError } from './api-error.ts'
import type { ResourceType } from './resources.ts'
import { qualified } from './resources.ts'

export type Role = 'reader' | 'operator'

export const ROLES: readonly Role[] = ['reader', 'operator']

export interface User {
  name: string
  role: Role
}

export interface Attempt {
  verb: string
  group: string
  plural: string
  subresource?: string | undefined
  namespace?: string | undefined
}

const READING = new Set(['get', 'list', 'watch'])
/** Anyone may ask what they may do. */
const REVIEWS = new Set(['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'])

export function userOf(role: Role): User {
  return { name: `watchkeeper-${role}`, role }
}

/** Whether a role may do this. The reader only reads, and never Secrets; a dry run counts as the change it rehearses. */
export function may({ role }: User, { verb, plural }: Attempt): boolean {
  if (REVIEWS.has(plural)) return verb === 'create'
  if (role === 'operator') return true
  return READING.has(verb) && plural !== 'secrets'
}

/** Throws 403 in RBAC's own words. */
export function authorize(user: User, type: ResourceType, attempt: Attempt, name: string | undefined): void {
  if (may(user, attempt)) return
  const { verb, subresource, namespace } = attempt
  const target = subresource ? `${type.plural}/${subresource}` : type.plural
  const what = `${qualified(type)}${name ? ` "${name}"` : ''} is forbidden`
  const who = `User "${user.name}" cannot ${verb} resource "${target}" in API group "${type.group}"`
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const details = { ...(name ? { name } : {}), ...(type.group ? { group: type.group } : {}), kind: type.plural }
  throw new ApiError(403, 'Forbidden', `${what}: ${who} ${where}`, details)
}

/** Fills the status of SelfSubjectAccessReview, SelfSubjectRulesReview or SelfSubjectReview. */
export function review(user: User, plural: string, body: Record<string, unknown>): Record<string, unknown> {
  if (plural === 'selfsubjectreviews') {
    return { ...body, status: { userInfo: { username: user.name, groups: ['system:authenticated'] } } }
  }
  if (plural === 'selfsubjectrulesreviews') {
    const verbs = user.role === 'operator' ? ['*'] : [...READING]
    const resourceRules = [{ verbs, apiGroups: ['*'], resources: ['*'] }]
    return { ...body, status: { resourceRules, nonResourceRules: [], incomplete: true } }
  }
  const spec = (body.spec ?? {}) as {
    resourceAttributes?: Record<string, string>
    nonResourceAttributes?: { verb?: string }
  }
  const { verb = '', group = '', resource = '', subresource, namespace } = spec.resourceAttributes ?? {}
  const allowed = spec.nonResourceAttributes
    ? spec.nonResourceAttributes.verb === 'get' || user.role === 'operator'
    : may(user, { verb, group, plural: resource, subresource, namespace })
  return { ...body, status: allowed ? { allowed, reason: `role "${user.role}"` } : { allowed } }
}
