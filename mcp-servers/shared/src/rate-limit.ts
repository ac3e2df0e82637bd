/**
 * A token bucket for each client: `perMinute` on average, a tenth of it at once. Forgets clients whose bucket is full
 * again, so that memory follows the clients of the last minute.
 *
 * @param now milliseconds on any clock that does not step back
 */
export function rateLimit(perMinute: number, now: () => number): (client: string) => boolean {
  const burst = Math.max(10, perMinute / 10)
  const perMillisecond = perMinute / 60_000
  const buckets = new Map<string, { left: number; at: number }>()
  return function allowed(client) {
    const at = now()
    if (buckets.size > 1_000)
      for (const [name, bucket] of buckets) if ((at - bucket.at) * perMillisecond >= burst) buckets.delete(name)
    const bucket = buckets.get(client) ?? { left: burst, at }
    const left = Math.min(burst, bucket.left + (at - bucket.at) * perMillisecond)
    buckets.set(client, { left: left < 1 ? left : left - 1, at })
    return left >= 1
  }
}
