import { fingerprintOf } from '../../src/ingest/fingerprint.ts'
import type { IncomingReport } from '../../src/ingest/intake.ts'

const startOfTime = Date.parse('2026-11-21T02:00:00Z')

/** A moment so many seconds into the story of a test. */
export function at(seconds: number): Date {
  return new Date(startOfTime + seconds * 1_000)
}

export type ReportOptions = {
  name?: string
  pod?: string
  severity?: string
  starts?: number
  receiver?: string
  labels?: Record<string, string>
}

/** A pod of the workload `cart` that keeps crashing, since second 0. */
export function firing(options: ReportOptions = {}): IncomingReport {
  const { name = 'KubePodCrashLooping', pod = 'cart-7d9f8b6c5d-x2x4z', severity = 'warning', starts = 0 } = options
  const labels = { alertname: name, namespace: 'shop', pod, severity, ...options.labels }
  return {
    source: 'alertmanager',
    fingerprint: fingerprintOf(labels),
    startsAt: at(starts),
    status: 'firing',
    endsAt: undefined,
    labels,
    annotations: { summary: `${pod} keeps crashing` },
    generatorUrl: '',
    marks: [],
    receiver: options.receiver ?? 'watchkeeper',
  }
}

/** The same alert, over since second `ends`. */
export function resolved(ends: number, options: ReportOptions = {}): IncomingReport {
  return { ...firing(options), status: 'resolved', endsAt: at(ends) }
}
