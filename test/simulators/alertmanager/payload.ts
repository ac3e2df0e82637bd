import type { AlertInput, Labels, WebhookAlert, WebhookPayload } from './types.ts'

const never = '0001-01-01T00:00:00Z'

export interface PayloadOptions {
  /** the receiver's name, default `watchkeeper` */
  receiver?: string
  /** default alertname, cluster, namespace */
  groupBy?: string[]
  /** alerts beyond this number are only counted, as with `max_alerts`; default 0: all are sent */
  maxAlerts?: number
  externalURL?: string
  /** the route's matchers as they stand in the group key, default `{}`: the root route */
  route?: string
}

/**
 * Builds the body of an Alertmanager webhook (version 4) for one group of alerts.
 *
 * The alerts must belong to one group: its labels are taken from the first. Common labels and annotations are those of
 * the alerts sent, not of the truncated ones, and the group is firing while one of those is, both as the real one does.
 */
export function webhookPayload(alerts: AlertInput[], options: PayloadOptions = {}): WebhookPayload {
  const { receiver = 'watchkeeper', groupBy = ['alertname', 'cluster', 'namespace'], maxAlerts = 0 } = options
  const all = alerts.map(webhookAlert).sort(inOrder)
  const sent = maxAlerts > 0 ? all.slice(0, maxAlerts) : all
  const groupLabels = groupLabelsOf(sent[0]?.labels ?? {}, groupBy)
  return {
    receiver,
    status: sent.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
    alerts: sent,
    groupLabels,
    commonLabels: common(sent.map(({ labels }) => labels)),
    commonAnnotations: common(sent.map(({ annotations }) => annotations)),
    externalURL: options.externalURL ?? 'http://alertmanager.example:9093',
    version: '4',
    groupKey: groupKeyOf(groupLabels, options.route),
    truncatedAlerts: all.length - sent.length,
  }
}

function webhookAlert({ labels, annotations, startsAt, endsAt, generatorURL }: AlertInput): WebhookAlert {
  return {
    status: endsAt === undefined || endsAt === never ? 'firing' : 'resolved',
    labels: sorted(labels),
    annotations: sorted(annotations ?? {}),
    startsAt: startsAt ?? nanoTime(),
    endsAt: endsAt ?? never,
    generatorURL: generatorURL ?? '',
    fingerprint: fingerprint(labels),
  }
}

function inOrder(a: WebhookAlert, b: WebhookAlert): number {
  if (a.startsAt !== b.startsAt) return a.startsAt < b.startsAt ? -1 : 1
  const [left, right] = [JSON.stringify(a.labels), JSON.stringify(b.labels)]
  return left === right ? 0 : left < right ? -1 : 1
}

/** The labels a group is made by; those that an alert lacks are left out. */
export function groupLabelsOf(labels: Labels, groupBy: string[]): Labels {
  return sorted(Object.fromEntries(groupBy.flatMap((name) => (labels[name] ? [[name, labels[name]]] : []))))
}

/** The group key, e.g. `{}:{alertname="KubePodCrashLooping", namespace="media"}`. */
export function groupKeyOf(groupLabels: Labels, route = '{}'): string {
  const pairs = Object.entries(sorted(groupLabels)).map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return `${route}:{${pairs.join(', ')}}`
}

/**
 * The fingerprint of a label set: 64-bit FNV-1a over the sorted names and values, each followed by the byte 255, as
 * `LabelSet.Fingerprint` of prometheus/common does.
 */
export function fingerprint(labels: Labels): string {
  let hash = 0xcbf29ce484222325n
  const add = (byte: number) => {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn
  }
  for (const [name, value] of Object.entries(sorted(labels))) {
    for (const part of [name, value]) {
      for (const byte of Buffer.from(part)) add(byte)
      add(255)
    }
  }
  return hash.toString(16).padStart(16, '0')
}

/** A time of RFC 3339 with nanoseconds, trailing zeros left out as Go does; default now. */
export function nanoTime(
  milliseconds = Date.now(),
  nanoseconds = Number(process.hrtime.bigint() % 1_000_000n),
): string {
  const [seconds = '', fraction = ''] = new Date(milliseconds).toISOString().replace('Z', '').split('.')
  const digits = `${fraction}${String(nanoseconds).padStart(6, '0')}`.replace(/0+$/, '')
  return digits === '' ? `${seconds}Z` : `${seconds}.${digits}Z`
}

function common(sets: Labels[]): Labels {
  const [first = {}, ...rest] = sets
  return Object.fromEntries(Object.entries(first).filter(([name, value]) => rest.every((set) => set[name] === value)))
}

function sorted(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
}
