import type { QuietHours } from '../../config.ts'

const HOUR = 3_600_000

/** When the quiet hours end that `now` falls into; null outside of them. Counts in local hours, so summer time is kept. */
export function quietUntil(quiet: QuietHours | undefined, timezone: string, now: Date): Date | null {
  if (!quiet || !isQuiet(quiet, hourOf(timezone, now))) return null
  // Zones differ by quarters of an hour, and a whole hour of the clock begins on one of them.
  let end = new Date(Math.floor(now.getTime() / (HOUR / 4)) * (HOUR / 4))
  while (isQuiet(quiet, hourOf(timezone, end))) end = new Date(end.getTime() + HOUR / 4)
  return end
}

function isQuiet({ from, until }: QuietHours, hour: number): boolean {
  return from < until ? hour >= from && hour < until : hour >= from || hour < until
}

function hourOf(timezone: string, at: Date): number {
  return Number(new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', hourCycle: 'h23' }).format(at))
}
