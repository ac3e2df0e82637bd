import { matches, parseMatcher } from './matchers.ts'
import type { SilenceInput, Store, StoredAlert } from './store.ts'
import type { AlertInput, Silence } from './types.ts'

export interface ApiCall {
  method: string
  path: string
  query: URLSearchParams
  body: unknown
}

export interface ApiAnswer {
  status: number
  body?: unknown
}

export interface ApiDeps {
  store: Store
  receiver: string
  startedAt: number
  fire(alert: AlertInput): void
  /** told of every silence that was made or ended */
  silenced(silence: Silence): void
}

/**
 * Answers a call of Alertmanager's API v2 (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml), the
 * part that a receiver of alerts needs. Errors are a JSON string, as the real one's are.
 */
export function answerApi(deps: ApiDeps, { method, path, query, body }: ApiCall): ApiAnswer {
  const { store } = deps
  const silence = /^\/api\/v2\/silence\/([\w-]+)$/.exec(path)?.[1]
  try {
    switch (`${method} ${silence ? '/api/v2/silence/ID' : path}`) {
      case 'GET /-/healthy':
      case 'GET /-/ready':
        return { status: 200, body: 'OK' }
      case 'GET /api/v2/status':
        return { status: 200, body: statusOf(deps) }
      case 'GET /api/v2/receivers':
        return { status: 200, body: [{ name: deps.receiver }] }
      case 'GET /api/v2/alerts':
        return { status: 200, body: listAlerts(deps, query) }
      case 'POST /api/v2/alerts':
        for (const alert of body as AlertInput[]) deps.fire(alert)
        return { status: 200 }
      case 'GET /api/v2/silences':
        return { status: 200, body: listSilences(store, query) }
      case 'POST /api/v2/silences': {
        const made = store.silence(silenceInput(store, body))
        deps.silenced(made)
        return { status: 200, body: { silenceID: made.id } }
      }
      case 'GET /api/v2/silence/ID': {
        const found = store.silences().find(({ id }) => id === silence)
        return found ? { status: 200, body: found } : { status: 404 }
      }
      case 'DELETE /api/v2/silence/ID':
        if (!store.silences().some(({ id }) => id === silence)) return { status: 404 }
        deps.silenced(store.expire(silence ?? ''))
        return { status: 200 }
      default:
        return { status: 404, body: { code: 404, message: `path ${path} was not found` } }
    }
  } catch (error) {
    return { status: 400, body: error instanceof Error ? error.message : String(error) }
  }
}

function listAlerts({ store, receiver }: ApiDeps, query: URLSearchParams): unknown[] {
  const wanted = (name: string) => query.get(name) !== 'false'
  const matchers = query.getAll('filter').map(parseMatcher)
  const receivers = new RegExp(`^(?:${query.get('receiver') ?? '.*'})$`)
  if (!receivers.test(receiver)) return []
  return store
    .alerts()
    .filter(({ endsAt }) => endsAt === undefined)
    .filter(({ labels }) => matches(labels, matchers))
    .map((alert) => ({ alert, silencedBy: store.silencedBy(alert) }))
    .filter(({ alert, silencedBy }) => {
      const active = silencedBy.length === 0 && alert.inhibitedBy.length === 0
      if (active) return wanted('active')
      return (silencedBy.length === 0 || wanted('silenced')) && (alert.inhibitedBy.length === 0 || wanted('inhibited'))
    })
    .map(({ alert, silencedBy }) => gettableAlert(alert, silencedBy, receiver))
    .sort((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1))
}

function gettableAlert(alert: StoredAlert, silencedBy: string[], receiver: string) {
  const { inhibitedBy } = alert
  const suppressed = silencedBy.length > 0 || inhibitedBy.length > 0
  return {
    annotations: alert.annotations,
    endsAt: new Date(alert.updatedAt + 300_000).toISOString(),
    fingerprint: alert.fingerprint,
    receivers: [{ name: receiver }],
    startsAt: new Date(alert.startsAt).toISOString(),
    status: { inhibitedBy, silencedBy, state: suppressed ? 'suppressed' : 'active' },
    updatedAt: new Date(alert.updatedAt).toISOString(),
    generatorURL: alert.generatorURL,
    labels: alert.labels,
  }
}

/** A filter keeps the silences that have a matcher on that label with that value, as the real one does. */
function listSilences(store: Store, query: URLSearchParams): Silence[] {
  const filters = query.getAll('filter').map(parseMatcher)
  return store
    .silences()
    .filter(({ matchers }) => matches(Object.fromEntries(matchers.map(({ name, value }) => [name, value])), filters))
}

function silenceInput(store: Store, body: unknown): SilenceInput {
  const input = body as SilenceInput
  if (!Array.isArray(input?.matchers) || input.matchers.length === 0)
    throw new Error('silence invalid: at least one matcher required')
  if (!input.comment) throw new Error('silence invalid: comment missing')
  if (!input.createdBy) throw new Error('silence invalid: creator information missing')
  if (!input.startsAt || !input.endsAt) throw new Error('silence invalid: start and end time must be given')
  if (Date.parse(input.endsAt) <= Date.now()) throw new Error("silence invalid: end time can't be in the past")
  if (input.id && !store.silences().some(({ id }) => id === input.id)) throw new Error(`silence not found: ${input.id}`)
  return input
}

function statusOf({ startedAt }: ApiDeps) {
  return {
    cluster: { status: 'disabled', peers: [] },
    config: { original: '' },
    uptime: new Date(startedAt).toISOString(),
    versionInfo: { branch: 'HEAD', buildDate: '', buildUser: '', goVersion: '', revision: '', version: '0.25.0' },
  }
}
