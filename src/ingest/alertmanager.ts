import { z } from 'zod'
import type { AlertReport, AlertStatus, Labels } from '../domain/alert.ts'
import { cleanLabels, cleanText, type Limits } from './clean-labels.ts'
import { fingerprintOf } from './fingerprint.ts'
import { RefusedPayload, readJson } from './payload.ts'

export const ALERTMANAGER = 'alertmanager'

export interface Webhook {
  reports: AlertReport[]
  /** How many alerts of the group Alertmanager left out (`max_alerts`); it says no more than the number. */
  truncated: number
  groupKey: string
  receiver: string
}

const labelLimits: Limits = { names: 100, nameLength: 256, valueLength: 1_024, noun: 'labels' }
const annotationLimits: Limits = { names: 64, nameLength: 256, valueLength: 8_192, noun: 'annotations' }
const MAX_ALERTS = 5_000

const Envelope = z.object({
  version: z.literal('4'),
  status: z.enum(['firing', 'resolved']),
  receiver: z.string(),
  groupKey: z.string().default(''),
  truncatedAlerts: z.int().min(0).default(0),
  groupLabels: z.unknown().optional(),
  commonLabels: z.unknown().optional(),
  alerts: z.array(z.unknown()),
})

type Envelope = z.infer<typeof Envelope>

/**
 * Reads the body of an Alertmanager webhook, version 4. Only an envelope that cannot be understood is an error; an alert
 * with something wrong in it is made storable, marked and kept, because refusing it would lose the rest of its group.
 *
 * Throws RefusedPayload with a sentence that names each wrong field and what was expected.
 * Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export function readWebhook(bytes: Uint8Array): Webhook {
  return parseWebhook(readJson(bytes))
}

/** The same for a body that is parsed already. */
export function parseWebhook(body: unknown): Webhook {
  const envelope = readEnvelope(body)
  if (envelope.alerts.length > MAX_ALERTS)
    throw new RefusedPayload(
      413,
      `The webhook holds ${envelope.alerts.length} alerts; ${MAX_ALERTS} fit. Set max_alerts in its webhook_config.`,
    )
  if (envelope.alerts.length > 0 && !envelope.alerts.some(isReadable))
    throw new RefusedPayload(400, 'No alert in the body can be read: alerts[0].labels must be an object of texts.')
  // One for all of them: the group's labels may be large, and thousands of members unreadable.
  let unreadable: AlertReport | undefined
  const inPlace = () => {
    unreadable ??= toReport(standIn(envelope), envelope.status)
    return unreadable
  }
  return {
    reports: envelope.alerts.map((alert) => (isReadable(alert) ? toReport(alert, envelope.status) : inPlace())),
    truncated: envelope.truncatedAlerts,
    groupKey: cleanText(envelope.groupKey, 2_048, new Set()),
    receiver: receiverName(envelope.receiver),
  }
}

/** A receiver's name, made safe to store: it is kept with every alert, so what is wrong with it would be wrong with all. */
export function receiverName(raw: string): string {
  return cleanText(raw, 256, new Set())
}

function readEnvelope(body: unknown): Envelope {
  const parsed = Envelope.safeParse(body)
  if (parsed.success) return parsed.data
  const version = typeof body === 'object' && body !== null && 'version' in body ? body.version : undefined
  if (version !== undefined && version !== '4')
    throw new RefusedPayload(
      400,
      `The webhook's version is ${JSON.stringify(version).slice(0, 40)}; only "4" is understood. Use an Alertmanager of 0.11 or newer.`,
    )
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the body'}: ${message}`)
  throw new RefusedPayload(400, `This is not an Alertmanager webhook of version 4. ${faults.slice(0, 5).join('; ')}.`)
}

type RawAlert = { labels: object } & Record<string, unknown>

function isReadable(alert: unknown): alert is RawAlert {
  if (typeof alert !== 'object' || alert === null || !('labels' in alert)) return false
  return typeof alert.labels === 'object' && alert.labels !== null && !Array.isArray(alert.labels)
}

/** What is still known about a member that cannot be read: the labels of its group. */
function standIn({ commonLabels, groupLabels }: Envelope): RawAlert {
  const labels = [commonLabels, groupLabels].find((known) => isReadable({ labels: known })) ?? {}
  return { labels: labels as object, marks: 'this alert could not be read; only the labels of its group are known' }
}

/**
 * One alert, from a webhook or from the API's list, made safe to store. `groupStatus` counts only where the alert has
 * none of its own. A start that cannot be read becomes 1970 rather than now, so that a repeat is the same alert.
 */
export function toReport(raw: RawAlert, groupStatus: AlertStatus): AlertReport {
  const marks = new Set<string>()
  if (typeof raw.marks === 'string') marks.add(raw.marks)
  const labels = cleanLabels(raw.labels, labelLimits, marks)
  const status = raw.status === 'firing' || raw.status === 'resolved' ? raw.status : groupStatus
  const startsAt = readTime(raw.startsAt)
  if (!startsAt) marks.add('its start time could not be read')
  const endsAt = status === 'resolved' ? readTime(raw.endsAt) : undefined
  if (status === 'resolved' && !endsAt) marks.add('its end time could not be read')
  return {
    source: ALERTMANAGER,
    fingerprint: fingerprintIn(raw),
    startsAt: startsAt ?? new Date(0),
    status,
    endsAt: status === 'resolved' ? (endsAt ?? startsAt ?? new Date(0)) : undefined,
    labels: named(labels, marks),
    annotations: cleanLabels(raw.annotations, annotationLimits, marks),
    generatorUrl: typeof raw.generatorURL === 'string' ? cleanText(raw.generatorURL, 2_048, marks) : '',
    marks: [...marks],
  }
}

function fingerprintIn(raw: RawAlert): string {
  const given = raw.fingerprint
  return typeof given === 'string' && /^[\w:.-]{1,64}$/.test(given) ? given : fingerprintOf(raw.labels)
}

function named(labels: Labels, marks: Set<string>): Labels {
  if (labels.alertname) return labels
  marks.add('it has no name')
  return { ...labels, alertname: 'unnamed' }
}

const RFC3339 = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)$/

/** Go writes up to nine digits of a second: cut to three, never rounded. Its zero time, the year 1, is no time. */
function readTime(raw: unknown): Date | undefined {
  const [, seconds, fraction = '', zone] = (typeof raw === 'string' && RFC3339.exec(raw)) || []
  if (!seconds || !zone) return undefined
  const time = new Date(`${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}${zone}`)
  const year = time.getUTCFullYear()
  // A zone may push the last day of 9999 into a year that is written otherwise, and that the database does not read.
  return year > 1 && year <= 9_999 ? time : undefined
}
