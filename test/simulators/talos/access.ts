export type Role = 'reader' | 'operator' | 'admin'

export const ROLES: readonly Role[] = ['reader', 'operator', 'admin']

/** Methods that need more than reading, as Talos's own table of rules has them. */
const OPERATOR = new Set([
  'EtcdSnapshot',
  'EtcdDefragment',
  'Reboot',
  'Shutdown',
  'ServiceStart',
  'ServiceStop',
  'ServiceRestart',
])
const ADMIN = new Set(['ApplyConfiguration', 'Upgrade', 'Rollback', 'Pull'])

/** Whether a certificate with these Organizations may call a method. */
export function allowed(organizations: readonly string[], method: string): boolean {
  const role = highest(organizations)
  if (role === undefined) return false
  if (ADMIN.has(method)) return role === 'admin'
  return OPERATOR.has(method) ? role !== 'reader' : true
}

export function highest(organizations: readonly string[]): Role | undefined {
  return ROLES.toReversed().find((role) => organizations.includes(`os:${role}`))
}
