/** An object as the API answers it: numbers may come as text, booleans as 0 and 1, and anything may be missing. */
export type Row = Readonly<Record<string, unknown>>

export function toRow(value: unknown): Row {
  return value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Row) : {}
}

export function toRows(value: unknown): Row[] {
  return Array.isArray(value) ? value.map(toRow) : []
}

/** Text, or a number as text; undefined where there is nothing. */
export function text(row: Row, key: string): string | undefined {
  const value = row[key]
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A finite number, also when it came as text. */
export function num(row: Row, key: string): number | undefined {
  const value = row[key]
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

export function flag(row: Row, key: string): boolean {
  const value = row[key]
  return value === true || value === 1 || value === '1'
}

export function child(row: Row, key: string): Row {
  return toRow(row[key])
}

/** ISO 8601 of a time in unix seconds. */
export function iso(seconds: number | undefined): string | undefined {
  return seconds === undefined || seconds <= 0 ? undefined : new Date(seconds * 1000).toISOString()
}

/** A share from 0 to 1 with three digits; undefined where the whole is not known. */
export function share(part: number | undefined, whole: number | undefined): number | undefined {
  return part === undefined || !whole ? undefined : Math.round((part / whole) * 1000) / 1000
}

export function percent(value: number): string {
  return `${Math.round(value * 100)} %`
}

/** The parts of a list of tags or contents, separated as the API does it: by semicolon, comma or space. */
export function parts(list: string | undefined): string[] {
  return (list ?? '').split(/[;,\s]+/).filter((part) => part !== '')
}
