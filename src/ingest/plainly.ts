import type { IncomingReport } from './intake.ts'

const kept = ['alertname', 'severity', 'cluster', 'namespace', 'pod', 'node', 'instance']

/**
 * The last resort for a report the database refuses: who it is and what it is about, in printable ASCII, and a mark. An
 * alert half told is better than one lost.
 */
export function plainly(report: IncomingReport): IncomingReport {
  const labels = kept.flatMap((name) => {
    const value = report.labels[name]
    return value === undefined ? [] : [[name, plain(value)] as const]
  })
  return {
    ...report,
    fingerprint: plain(report.fingerprint),
    labels: Object.fromEntries(labels),
    annotations: {},
    generatorUrl: '',
    receiver: plain(report.receiver ?? ''),
    marks: ['its text could not be stored; only its main labels were kept'],
  }
}

function plain(text: string): string {
  return text.replace(/[^ -~]/g, '?').slice(0, 200)
}
