/**
 * Parsers of single values. Each takes the text of a variable, never empty and without spaces around it, and returns the
 * value or throws `Wrong` with a clause that says what to set. A clause never repeats the text: it may be a secret.
 */

/** What to set instead, as a clause that follows the variable's name. */
export class Wrong extends Error {}

export function text(value: string): string {
  return value
}

/** A whole number between two others. */
export function integer(least: number, most: number) {
  return (value: string): number => {
    const number = Number(value)
    if (/^\d+$/.test(value) && number >= least && number <= most) return number
    throw new Wrong(`set it to a whole number from ${least} to ${most}`)
  }
}

export function number(least: number, most: number) {
  return (value: string): number => {
    const number = Number(value)
    if (Number.isFinite(number) && number >= least && number <= most) return number
    throw new Wrong(`set it to a number from ${least} to ${most}`)
  }
}

export function oneOf<const T extends string>(...choices: T[]) {
  return (value: string): T => {
    const found = choices.find((choice) => choice.toLowerCase() === value.toLowerCase())
    if (found !== undefined) return found
    throw new Wrong(`set it to ${listed(choices)}`)
  }
}

/** Words of a list, with commas between them. */
export function listOf<const T extends string>(...choices: T[]) {
  const one = oneOf(...choices)
  return (value: string): readonly T[] => {
    try {
      return words(value).map(one)
    } catch {
      throw new Wrong(`set it to some of ${listed(choices)}, with commas between them`)
    }
  }
}

const YES = new Set(['on', 'true', 'yes', '1'])
const NO = new Set(['off', 'false', 'no', '0'])

export function toggle(value: string): boolean {
  if (YES.has(value.toLowerCase())) return true
  if (NO.has(value.toLowerCase())) return false
  throw new Wrong('set it to on or off')
}

/** For CI, which services set to anything they like: all but an explicit no means yes. */
export function presence(value: string): boolean {
  return !NO.has(value.toLowerCase())
}

const UNITS: Record<string, number> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** A duration such as `90s`, `15m`, `1h` or `1h30m`; in milliseconds. */
export function duration(least: number, most: number) {
  return (value: string): number => {
    const parts = /^(?:\d+[smhd])+$/.test(value) ? [...value.matchAll(/(\d+)([smhd])/g)] : []
    const total = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ''] ?? 0), 0)
    if (parts.length > 0 && total >= least && total <= most) return total
    throw new Wrong(`set it to a duration such as 90s, 15m or 1h, from ${spoken(least)} to ${spoken(most)}`)
  }
}

const SIZES: Record<string, number> = { '': 1, KiB: 1_024, MiB: 1_024 ** 2 }

/** A size in bytes, or with KiB or MiB behind it. */
export function bytes(least: number, most: number) {
  return (value: string): number => {
    const [, count, unit = ''] = /^(\d+) ?(KiB|MiB)?$/.exec(value) ?? []
    const total = Number(count) * (SIZES[unit] ?? 1)
    if (total >= least && total <= most) return total
    throw new Wrong(`set it to a size from ${least} to ${most} bytes, such as 1048576 or 1 MiB`)
  }
}

/** An http or https address, without a slash at its end and without a password in it. */
export function webUrl(value: string): string {
  const url = URL.parse(value)
  if (!url || !['http:', 'https:'].includes(url.protocol))
    throw new Wrong('set it to an address that starts with http:// or https://')
  if (url.username || url.password) throw new Wrong('leave the user and the password out of the address')
  return value.replace(/\/+$/, '')
}

/** One address, or several as `name=address`, each with a name of its own. */
export function prometheusUrls(value: string): string {
  const entries = words(value).map((entry) => /^(?:([a-z0-9][a-z0-9-]{0,62})=)?(.*)$/.exec(entry) ?? [])
  for (const [, , address = ''] of entries) webUrl(address)
  const names = new Set(entries.map(([, name]) => name))
  if (entries.length > 1 && (names.size < entries.length || names.has(undefined)))
    throw new Wrong('give every address a name of its own, as in home=http://…, cabin=http://…')
  return value
}

export function postgresUrl(value: string): string {
  const url = URL.parse(value)
  if (url && ['postgres:', 'postgresql:'].includes(url.protocol) && url.pathname.length > 1) return value
  throw new Wrong('set it to an address such as postgres://user:password@host:5432/database')
}

/** Words with commas between them; each once, none empty. */
export function words(value: string): readonly string[] {
  const found = value.split(',').map((word) => word.trim())
  return [...new Set(found.filter((word) => word !== ''))]
}

/** What may never be changed, from kind to name; the servers read the same (`mcp-servers/shared`). */
export function denyPatterns(value: string): readonly string[] {
  const patterns = words(value)
  if (patterns.every((one) => /^[A-Za-z0-9.*_-]+(\/[A-Za-z0-9.*_:-]+){0,3}$/.test(one))) return patterns
  throw new Wrong('set it to KIND, KIND/NAMESPACE or KIND/NAMESPACE/NAME, with commas between them and * for any part')
}

/** Words that are names of labels. */
export function labelNames(value: string): readonly string[] {
  const names = words(value)
  if (names.length > 0 && names.every((name) => /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name))) return names
  throw new Wrong('set it to label names with commas between them, such as alertname,cluster,namespace')
}

/** A time zone of the IANA database. */
export function timezone(value: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone
  } catch {
    throw new Wrong('set it to a time zone name such as Europe/Berlin or UTC')
  }
}

/** Hours of the day during which only what is critical makes a sound. `from` may be later than `until`: over midnight. */
export type QuietHours = { readonly from: number; readonly until: number }

export function quietHours(value: string): QuietHours {
  const [, from, until] = /^([01]?\d|2[0-3])-([01]?\d|2[0-3])$/.exec(value) ?? []
  if (from !== undefined && until !== undefined && Number(from) !== Number(until))
    return { from: Number(from), until: Number(until) }
  throw new Wrong('set it to two different hours of the day, such as 23-07')
}

/** Matches the whole value against a pattern, or says what it should have been. */
export function matching(pattern: RegExp, remedy: string) {
  return (value: string): string => {
    if (pattern.test(value)) return value
    throw new Wrong(remedy)
  }
}

/** A regular expression that is held against whole names. */
export function wholePattern(value: string): string {
  try {
    new RegExp(`^(?:${value})$`)
    return value
  } catch {
    throw new Wrong('set it to a name, or to a regular expression that JavaScript can read')
  }
}

/** The id of a Telegram chat: positive for a person, negative for a group. */
export function chatId(value: string): number {
  return Number(matching(/^-?[1-9]\d{0,14}$/, 'set it to the numeric id of the chat, negative for a group')(value))
}

function listed(choices: readonly string[]): string {
  return choices.length < 2 ? choices.join() : `${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}`
}

function spoken(milliseconds: number): string {
  const unit = ['d', 'h', 'm'].find((name) => milliseconds % (UNITS[name] ?? 1) === 0) ?? 's'
  return `${milliseconds / (UNITS[unit] ?? 1_000)}${unit}`
}
