import { readFileSync } from 'node:fs'

/** The bytes of a payload of our own, in a shape that a real Alertmanager sends. */
export function fixture(name: string): Uint8Array {
  return readFileSync(new URL(`../fixtures/alertmanager/${name}.json`, import.meta.url))
}

/** A webhook around these alerts, each a copy of the fixture's alert with something changed. */
export function webhookOf(alerts: unknown[], envelope: Record<string, unknown> = {}): Uint8Array {
  const base = JSON.parse(Buffer.from(fixture('firing-single')).toString('utf8')) as { alerts: object[] }
  const full = alerts.map((change) => (isObject(change) ? { ...base.alerts[0], ...change } : change))
  return Buffer.from(JSON.stringify({ ...base, alerts: full, ...envelope }))
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
