import { readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { ApiError } from './api-error.ts'
import { isRecord } from './objects.ts'
import type { ResourceType } from './resources.ts'
import { qualified } from './resources.ts'

/** `reader` and `operator` may do what the ClusterRoles beside the MCP server give them; `admin` is whoever sets the stage. */
export type Role = 'reader' | 'operator' | 'admin'

export const ROLES: readonly Role[] = ['reader', 'operator', 'admin']

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
  name?: string | undefined
}

export interface Rule {
  apiGroups: string[]
  resources: string[]
  verbs: string[]
  resourceNames?: string[]
}

/** Who may do what: RBAC's rules by role, to which tests may add. */
export interface Access {
  may(user: User, attempt: Attempt): boolean
  /** Throws 403 in RBAC's own words. */
  authorize(user: User, type: ResourceType, attempt: Attempt): void
  /** Fills the status of SelfSubjectAccessReview, SelfSubjectRulesReview or SelfSubjectReview. */
  review(user: User, plural: string, body: Record<string, unknown>): Record<string, unknown>
  allow(role: Role, rule: Rule): void
}

const FOLDER = new URL('../../../mcp-servers/kubernetes/rbac/', import.meta.url)

/** What the role system:basic-user gives to everybody: to ask what they may do, and who they are. */
const BASIC: readonly Rule[] = [
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    verbs: ['create'],
  },
  { apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'], verbs: ['create'] },
]

const EVERYTHING: Rule = { apiGroups: ['*'], resources: ['*'], verbs: ['*'] }

export function userOf(role: Role): User {
  return { name: `watchkeeper-${role}`, role }
}

/** Reads the ClusterRoles that ship with the MCP server. The operator is bound to the reader's too, as its file says. */
export function createAccess(): Access {
  const reader = [...BASIC, ...rulesOf('reader')]
  const rules: Record<Role, Rule[]> = {
    reader: [...reader],
    operator: [...reader, ...rulesOf('operator')],
    admin: [EVERYTHING],
  }
  const may = ({ role }: User, attempt: Attempt) => rules[role].some((rule) => covers(rule, attempt))

  return {
    may,
    authorize(user, type, attempt) {
      if (may(user, attempt)) return
      const { verb, subresource, namespace, name } = attempt
      const target = subresource ? `${type.plural}/${subresource}` : type.plural
      const what = `${qualified(type)}${name ? ` "${name}"` : ''} is forbidden`
      const who = `User "${user.name}" cannot ${verb} resource "${target}" in API group "${type.group}"`
      const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`
      const details = { ...(name ? { name } : {}), ...(type.group ? { group: type.group } : {}), kind: type.plural }
      throw new ApiError(403, 'Forbidden', `${what}: ${who} ${where}`, details)
    },
    review(user, plural, body) {
      if (plural === 'selfsubjectreviews')
        return { ...body, status: { userInfo: { username: user.name, groups: ['system:authenticated'] } } }
      if (plural === 'selfsubjectrulesreviews')
        return { ...body, status: { resourceRules: rules[user.role], nonResourceRules: [], incomplete: false } }
      const allowed = reviewed(body.spec, user, may)
      return { ...body, status: allowed ? { allowed, reason: `RBAC: allowed by "${user.name}"` } : { allowed } }
    },
    allow: (role, rule) => rules[role].push(rule),
  }
}

function reviewed(given: unknown, user: User, may: Access['may']): boolean {
  const spec = isRecord(given) ? given : {}
  if (isRecord(spec.nonResourceAttributes)) return spec.nonResourceAttributes.verb === 'get' || user.role === 'admin'
  const asked = (isRecord(spec.resourceAttributes) ? spec.resourceAttributes : {}) as Record<string, string | undefined>
  const { verb = '', group = '', resource = '', subresource, namespace, name } = asked
  return may(user, { verb, group, plural: resource, subresource: subresource || undefined, namespace, name })
}

function covers({ apiGroups, resources, verbs, resourceNames = [] }: Rule, attempt: Attempt): boolean {
  const { verb, group, plural, subresource, name } = attempt
  const resource = subresource ? `${plural}/${subresource}` : plural
  const has = (list: readonly string[], item: string) => list.includes('*') || list.includes(item)
  const named = resourceNames.length === 0 || (name !== undefined && resourceNames.includes(name))
  return has(apiGroups, group) && has(resources, resource) && has(verbs, verb) && named
}

function rulesOf(role: 'reader' | 'operator'): Rule[] {
  const documents = parseAllDocuments(readFileSync(new URL(`${role}.yaml`, FOLDER), 'utf8'))
  const objects = documents.map((document): { kind: string; rules?: Rule[] } => document.toJS())
  return objects.find(({ kind }) => kind === 'ClusterRole')?.rules ?? []
}
