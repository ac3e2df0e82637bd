const MS_PER_UNIT: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
}

const DURATION = /^(?:(\d{1,6})w)?(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?(?:(\d{1,9})ms)?$/

/**
 * Milliseconds of a duration as Prometheus writes it: `30s`, `10m`, `1h30m`, `2d`. Units go from large to small, each
 * at most once. Undefined for anything else, and for a duration of nothing.
 *
 * Source: https://prometheus.io/docs/prometheus/latest/configuration/configuration/ (`<duration>`), without years.
 */
export function parseDuration(text: string): number | undefined {
  const parts = DURATION.exec(text)
  if (!parts) return undefined
  const units = ['w', 'd', 'h', 'm', 's', 'ms']
  const total = units.reduce((sum, unit, i) => sum + Number(parts[i + 1] ?? 0) * (MS_PER_UNIT[unit] ?? 0), 0)
  return total > 0 ? total : undefined
}
