import type { Person, Role } from '../domain/person.ts'
import { Wrong } from './parsers.ts'

const FORMAT =
  'list people as name:telegram-id:role with commas between them, such as alice:1001:admin, bob:1002:operator'
const ROLES: readonly string[] = ['viewer', 'operator', 'admin'] satisfies Role[]

/** The people of `alice:1001:admin, bob:1002:operator`. Names and ids are each used once. */
export function people(value: string): readonly Person[] {
  const found = value
    .split(',')
    .filter((entry) => entry.trim() !== '')
    .map(person)
  if (found.length === 0) throw new Wrong(FORMAT)
  if (repeats(found.map(({ name }) => name.toLowerCase()))) throw new Wrong('give each person a name of their own')
  if (repeats(found.map(({ telegramId }) => telegramId))) throw new Wrong('list each Telegram id once')
  return found
}

function person(entry: string, index: number): Person {
  const [name = '', id = '', role = '', ...more] = entry.split(':').map((part) => part.trim())
  const where = `in entry ${index + 1}`
  if (more.length > 0 || name === '' || role === '') throw new Wrong(FORMAT)
  if (!/^[\p{L}\p{N}][\p{L}\p{N} ._-]{0,39}$/u.test(name))
    throw new Wrong(`${where}, use a name of up to 40 letters, digits, spaces, dots, dashes and underscores`)
  const telegramId = Number(id)
  if (!/^[1-9]\d*$/.test(id) || !Number.isSafeInteger(telegramId))
    throw new Wrong(`${where}, use the person's numeric Telegram id, a positive whole number; a @username does not do`)
  if (!isRole(role)) throw new Wrong(`${where}, use one of the roles viewer, operator and admin`)
  return { name, telegramId, role }
}

function isRole(role: string): role is Role {
  return ROLES.includes(role)
}

function repeats(values: readonly unknown[]): boolean {
  return new Set(values).size < values.length
}
