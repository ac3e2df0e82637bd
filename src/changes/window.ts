import type { Change } from '../domain/change.ts'

/** The stretch of time before an alert in which something may have set it off. */
export interface Window {
  from: Date
  /** When the alert began. */
  until: Date
}

/** How many changes are kept: a person reads the first, and the details have the rest. */
const KEPT = 12

/** What fell into the window, newest first, each once, and how many there were. What has no time is left out. */
export function newestFirst(changes: readonly Change[], window: Window): { items: Change[]; total: number } {
  const seen = new Set<string>()
  const items = changes
    .filter(({ at }) => isWithin(at, window))
    .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at) || a.what.localeCompare(b.what))
    .filter(({ what, note }) => {
      const key = JSON.stringify([what, note])
      return seen.has(key) ? false : Boolean(seen.add(key))
    })
  return { items: items.slice(0, KEPT), total: items.length }
}

/** Platforms tell whole seconds, so one that the alert began in counts. */
export function isWithin(at: string | null | undefined, { from, until }: Window): at is string {
  if (!at) return false
  const time = Date.parse(at)
  return time >= from.getTime() && time <= until.getTime()
}
