const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Tells times in one time zone, as seen from `now`: `02:14` today, `19 Nov 02:14` when it is further off than 20 hours. */
export function clockFace(timezone: string, now: Date): (at: Date) => string {
  const { clock, calendar } = formatsOf(timezone)
  return (at) => {
    const time = clock.format(at)
    return Math.abs(now.getTime() - at.getTime()) < 20 * hour ? time : `${calendar.format(at)} ${time}`
  }
}

interface Formats {
  clock: Intl.DateTimeFormat
  calendar: Intl.DateTimeFormat
}

/** Making a formatter costs more than all else about a card, so each time zone's are made once. */
const made = new Map<string, Formats>()

function formatsOf(timezone: string): Formats {
  const known = made.get(timezone)
  if (known) return known
  const formats = {
    clock: new Intl.DateTimeFormat('en-GB', { timeZone: timezone, hour: '2-digit', minute: '2-digit' }),
    calendar: new Intl.DateTimeFormat('en-GB', { timeZone: timezone, day: 'numeric', month: 'short' }),
  }
  made.set(timezone, formats)
  return formats
}

/** Tells a time, as `clockFace` does. */
export type At = (date: Date) => string

/** A length of time in words, never more exact than it matters: `19 s`, `20 min`, `3 h`, `2 days`. */
export function lasting(ms: number): string {
  if (ms < 100 * 1_000) return `${Math.max(0, Math.round(ms / 1_000))} s`
  if (ms < 100 * minute) return `${Math.round(ms / minute)} min`
  if (ms < 2 * day) return `${Math.round(ms / hour)} h`
  return `${Math.round(ms / day)} days`
}
