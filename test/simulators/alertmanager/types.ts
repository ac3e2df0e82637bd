export type Labels = Record<string, string>

/** An alert as Prometheus hands it over. */
export interface AlertInput {
  labels: Labels
  annotations?: Labels
  /** RFC 3339; default now, with nanoseconds */
  startsAt?: string
  /** RFC 3339; set: it is resolved */
  endsAt?: string
  generatorURL?: string
}

/** An alert inside a webhook of version 4. */
export interface WebhookAlert {
  status: 'firing' | 'resolved'
  labels: Labels
  annotations: Labels
  startsAt: string
  endsAt: string
  generatorURL: string
  fingerprint: string
}

/** https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export interface WebhookPayload {
  receiver: string
  status: 'firing' | 'resolved'
  alerts: WebhookAlert[]
  groupLabels: Labels
  commonLabels: Labels
  commonAnnotations: Labels
  externalURL: string
  version: '4'
  groupKey: string
  truncatedAlerts: number
}

export interface Matcher {
  name: string
  value: string
  isRegex: boolean
  isEqual: boolean
}

export interface Silence {
  id: string
  matchers: Matcher[]
  startsAt: string
  endsAt: string
  updatedAt: string
  createdBy: string
  comment: string
  status: { state: 'active' | 'pending' | 'expired' }
}

/** How the webhook is authenticated. */
export type Credentials = { bearer: string } | { username: string; password: string }

/** One try of one webhook. */
export interface Delivery {
  /** unix ms */
  at: number
  /** the answer's status; refused: no connection; timeout: no answer in time; lost: never sent, on request */
  status: number | 'refused' | 'timeout' | 'lost'
  /** 1 for the first try of a notification */
  attempt: number
  payload: WebhookPayload
}
