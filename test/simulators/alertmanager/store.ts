import { randomUUID } from 'node:crypto'
import { matches, toMatchers } from './matchers.ts'
import { fingerprint, nanoTime } from './payload.ts'
import type { AlertInput, Labels, Matcher, Silence } from './types.ts'

/** An alert as the simulator keeps it; `endsAt` is set when it is resolved. */
export interface StoredAlert extends Required<Omit<AlertInput, 'endsAt'>> {
  fingerprint: string
  endsAt: string | undefined
  /** unix ms */
  updatedAt: number
  inhibitedBy: string[]
}

export interface SilenceInput {
  id?: string
  matchers: Parameters<typeof toMatchers>[0]
  startsAt?: string
  /** default an hour from now */
  endsAt?: string
  createdBy?: string
  comment?: string
}

export interface Store {
  alerts(): StoredAlert[]
  find(fingerprint: string): StoredAlert | undefined
  /** Adds or renews an alert. One that fires already keeps its start; one that was resolved gets a new one, unless given. */
  fire(alert: AlertInput): StoredAlert
  /** Ends an alert; throws when none has these labels. */
  resolve(labels: Labels, endsAt?: string): StoredAlert
  forget(alert: StoredAlert): void
  forgetAll(): void
  silence(silence: SilenceInput): Silence
  /** Throws when there is no such silence. */
  expire(id: string): Silence
  silences(): Silence[]
  silencedBy(alert: StoredAlert): string[]
}

export function createStore(): Store {
  const alerts = new Map<string, StoredAlert>()
  const silences = new Map<string, Omit<Silence, 'status'>>()

  const withState = (silence: Omit<Silence, 'status'>): Silence => ({ ...silence, status: { state: stateOf(silence) } })

  return {
    alerts: () => [...alerts.values()],
    find: (id) => alerts.get(id),
    fire({ labels, annotations = {}, startsAt, generatorURL = '' }) {
      const id = fingerprint(labels)
      const known = alerts.get(id)
      const start = startsAt ?? (known && known.endsAt === undefined ? known.startsAt : nanoTime())
      const inhibitedBy = known?.inhibitedBy ?? []
      const alert: StoredAlert = {
        fingerprint: id,
        labels,
        annotations,
        generatorURL,
        startsAt: start,
        endsAt: undefined,
        updatedAt: Date.now(),
        inhibitedBy,
      }
      alerts.set(id, alert)
      return alert
    },
    resolve(labels, endsAt = nanoTime()) {
      const alert = alerts.get(fingerprint(labels))
      if (!alert) throw new Error(`No alert has exactly the labels ${JSON.stringify(labels)}; fire it first.`)
      const resolved = { ...alert, endsAt, updatedAt: Date.now() }
      alerts.set(alert.fingerprint, resolved)
      return resolved
    },
    forget(alert) {
      if (alerts.get(alert.fingerprint) === alert) alerts.delete(alert.fingerprint)
    },
    forgetAll: () => alerts.clear(),
    silence({ id, matchers, startsAt, endsAt, createdBy = 'anna', comment = '' }) {
      const silence = {
        id: id && silences.has(id) ? id : randomUUID(),
        matchers: toMatchers(matchers),
        startsAt: startsAt ?? new Date().toISOString(),
        endsAt: endsAt ?? new Date(Date.now() + 3_600_000).toISOString(),
        updatedAt: new Date().toISOString(),
        createdBy,
        comment,
      }
      silences.set(silence.id, silence)
      return withState(silence)
    },
    expire(id) {
      const silence = silences.get(id)
      if (!silence) throw new Error(`silence ${id} not found`)
      const now = new Date().toISOString()
      const expired = { ...silence, endsAt: now, updatedAt: now }
      silences.set(id, expired)
      return withState(expired)
    },
    silences: () => [...silences.values()].map(withState),
    silencedBy: (alert) =>
      [...silences.values()]
        .filter((silence) => stateOf(silence) === 'active' && matches(alert.labels, silence.matchers))
        .map(({ id }) => id),
  }
}

function stateOf({ startsAt, endsAt }: { startsAt: string; endsAt: string; matchers: Matcher[] }) {
  const now = Date.now()
  if (Date.parse(endsAt) <= now) return 'expired'
  return Date.parse(startsAt) > now ? 'pending' : 'active'
}
