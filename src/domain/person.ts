/** What a person may do: a viewer reads, an operator decides, an admin also seconds, freezes and changes levels. */
export type Role = 'viewer' | 'operator' | 'admin'

/** Somebody on the list, from configuration. */
export interface Person {
  /** The name people see, and how records name them. */
  name: string
  /** Telegram's numeric user id; never the username, which anybody can take. Null for the local admin of the console. */
  telegramId: number | null
  role: Role
}

const rank: Record<Role, number> = { viewer: 0, operator: 1, admin: 2 }

/** Whether a role is at least another. */
export function atLeast(role: Role, needed: Role): boolean {
  return rank[role] >= rank[needed]
}

/** How records name a person: `person:alice`. */
export function actorOf(person: Person): string {
  return `person:${person.name}`
}
