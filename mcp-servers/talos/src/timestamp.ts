/** `google.protobuf.Timestamp`. */
export type TimestampMessage = { seconds: string; nanos: number }

/** ISO 8601 to the millisecond; null for no time at all. */
export function isoOf(time: TimestampMessage | null): string | null {
  if (!time || (Number(time.seconds) === 0 && time.nanos === 0)) return null
  return new Date(Number(time.seconds) * 1000 + Math.floor(time.nanos / 1e6)).toISOString()
}
