/** The roles of Talos that this server tells apart, from the least to the most. */
export const ROLES = ['os:reader', 'os:operator', 'os:admin'] as const
export type Role = (typeof ROLES)[number]

/** What a client certificate says about whoever holds it. */
export type Access = {
  /** Its Organizations, as they stand there; may hold roles this server has no use for. */
  organizations: readonly string[]
  /** The highest role this server knows, undefined when there is none. */
  role: Role | undefined
  expires: Date
}

/** The highest known role among a certificate's Organizations. */
export function roleOf(organizations: readonly string[]): Role | undefined {
  return ROLES.toReversed().find((role) => organizations.includes(role))
}

/** Whether a role may do what needs another: each includes those below it. */
export function includes(role: Role | undefined, needed: Role): boolean {
  return role !== undefined && ROLES.indexOf(role) >= ROLES.indexOf(needed)
}

/** "os:operator or os:admin": the roles that would do. */
export function rolesThatMay(needed: Role): string {
  return ROLES.slice(ROLES.indexOf(needed)).join(' or ')
}
