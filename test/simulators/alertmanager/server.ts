import type { IncomingMessage, ServerResponse } from 'node:http'
import { openOracle } from '../oracle.ts'
import { answerJson, listen, readBody } from '../telegram/http.ts'
import { answerApi } from './api.ts'
import { createNotifier } from './notifier.ts'
import { fingerprint } from './payload.ts'
import { postWebhook } from './post.ts'
import { createStore, type SilenceInput, type StoredAlert } from './store.ts'
import type { AlertInput, Credentials, Delivery, Labels, Silence } from './types.ts'

export interface AlertmanagerOptions {
  /** file to which one JSON line per API call and per delivery is appended */
  oracle?: string
  port?: number
  /** the receiver's name, default `watchkeeper` */
  receiver?: string
  /** where webhooks go; none are sent without it */
  webhookUrl?: string
  credentials?: Credentials
  /** default alertname, cluster, namespace */
  groupBy?: string[]
  /** default 0: no limit */
  maxAlerts?: number
  sendResolved?: boolean
  /** before a new group is told, default 20 ms (the real default is 30 s) */
  groupWaitMs?: number
  /** between two messages about one group, default 500 ms (the real default is 5 min) */
  groupIntervalMs?: number
  /** default 4 h */
  repeatIntervalMs?: number
  /** first pause before a refused or 5xx webhook is tried again, default 100 ms, doubling */
  retryMs?: number
  /** how long one notification is tried, default 10 s */
  flushTimeoutMs?: number
  /** a receiver that takes longer is cut, default 10 s */
  webhookTimeoutMs?: number
}

/** A simulated Alertmanager: its API under `url`, and Prometheus and people under these methods. */
export interface SimulatedAlertmanager {
  url: string
  receiver: string
  fire(labels: Labels, annotations?: Labels, more?: Omit<AlertInput, 'labels' | 'annotations'>): StoredAlert
  /** Throws when no alert has exactly these labels. */
  resolve(labels: Labels): StoredAlert
  /** Matchers as text (`namespace="media"`) or as the API's objects; ends after an hour unless told otherwise. */
  silence(matchers: SilenceInput['matchers'], more?: Omit<SilenceInput, 'matchers'>): Silence
  /** Marks an alert as inhibited by another, or (without `by`) as free. */
  inhibit(labels: Labels, by?: string): void
  /** Forgets every alert, as a restart does, until it is fired again; silences are kept. */
  restart(): void
  /** Sends what there is to tell now, without waiting for the group's interval. */
  flush(): Promise<void>
  /** The next `times` (default 1) webhooks get lost on their way, and Alertmanager does not know. */
  loseNext(times?: number): void
  /** Posts an earlier delivery once more, `times` times at once; resolves with the statuses. */
  redeliver(delivery: Delivery, times?: number): Promise<Delivery['status'][]>
  deliveries(): Delivery[]
  /** Resolves when a delivery satisfies the predicate; rejects after `timeoutMs` (5 s). */
  waitForDelivery(predicate: (delivery: Delivery) => boolean, timeoutMs?: number): Promise<Delivery>
  setWebhook(url: string | undefined, credentials?: Credentials): void
  stop(): Promise<void>
}

/** Webhooks in flight at once: a storm of groups must not become as many sockets. */
const connections = 256

/** Starts a simulated Alertmanager on 127.0.0.1, ready when the promise resolves. */
export async function startAlertmanager(options: AlertmanagerOptions = {}): Promise<SimulatedAlertmanager> {
  const receiver = options.receiver ?? 'watchkeeper'
  const record = openOracle(options.oracle, 'alertmanager')
  const startedAt = Date.now()
  const store = createStore()
  const deliveries: Delivery[] = []
  const watchers = new Set<(delivery: Delivery) => void>()
  const timers = new Set<NodeJS.Timeout>()
  let webhook = { url: options.webhookUrl, credentials: options.credentials }
  const groupIntervalMs = options.groupIntervalMs ?? 500

  const inTurn = createTurns(connections)
  const post = async (payload: Delivery['payload']): Promise<Delivery['status']> => {
    const { url, credentials } = webhook
    const timeoutMs = options.webhookTimeoutMs ?? 10_000
    return url ? inTurn(() => postWebhook(url, payload, { credentials, timeoutMs })) : 'lost'
  }

  function note(delivery: Delivery): void {
    const { payload, ...rest } = delivery
    const { groupKey, status: state, alerts, truncatedAlerts } = payload
    const told = alerts.map(({ fingerprint, startsAt, status }) => ({ fingerprint, startsAt, status }))
    record({ call: 'webhook', ...rest, groupKey, state, alerts: told, truncatedAlerts })
    deliveries.push(delivery)
    for (const watcher of watchers) watcher(delivery)
  }

  const notifier = createNotifier(store, {
    receiver,
    groupBy: options.groupBy ?? ['alertname', 'cluster', 'namespace'],
    maxAlerts: options.maxAlerts ?? 0,
    externalURL: 'http://alertmanager.example:9093',
    sendResolved: options.sendResolved ?? true,
    groupWaitMs: options.groupWaitMs ?? 20,
    groupIntervalMs,
    repeatIntervalMs: options.repeatIntervalMs ?? 4 * 3_600_000,
    retryMs: options.retryMs ?? 100,
    flushTimeoutMs: options.flushTimeoutMs ?? Math.max(groupIntervalMs, 10_000),
    post,
    onDelivery: note,
  })

  function fire(alert: AlertInput): StoredAlert {
    const ended = alert.endsAt !== undefined && Date.parse(alert.endsAt) <= Date.now()
    const known = store.find(fingerprint(alert.labels))
    const fired = ended && known ? known : store.fire(alert)
    const stored = ended ? store.resolve(alert.labels, alert.endsAt) : fired
    notifier.touch(stored)
    return stored
  }

  /** Groups look again when a silence was made, and when it ends. */
  function silenced({ startsAt, endsAt }: Silence): void {
    notifier.touchAll()
    for (const time of [startsAt, endsAt]) {
      const wait = Date.parse(time) - Date.now()
      if (wait > 0) timers.add(setTimeout(() => notifier.touchAll(), Math.min(wait + 1, 2 ** 31 - 1)).unref())
    }
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://localhost')
    const method = request.method ?? 'GET'
    const raw = (await readBody(request)).toString('utf8')
    const body = raw === '' ? undefined : parse(raw)
    const { status, body: answer } = answerApi(
      { store, receiver, startedAt, fire, silenced },
      { method, path, query, body },
    )
    record({ call: `${method} ${path}`, query: query.toString(), ...(body === undefined ? {} : { body }), status })
    if (path.startsWith('/-/')) response.writeHead(status, { 'content-type': 'text/plain' }).end(answer)
    else if (answer === undefined) response.writeHead(status).end()
    else answerJson(response, status, answer)
  }

  const server = await listen(handle, options.port)
  return {
    url: server.url,
    receiver,
    fire: (labels, annotations = {}, more = {}) => fire({ labels, annotations, ...more }),
    resolve(labels) {
      const resolved = store.resolve(labels)
      notifier.touch(resolved)
      return resolved
    },
    silence(matchers, more = {}) {
      const silence = store.silence({ matchers, ...more })
      silenced(silence)
      return silence
    },
    inhibit(labels, by) {
      const alert = store.find(fingerprint(labels))
      if (!alert) throw new Error(`No alert has exactly the labels ${JSON.stringify(labels)}; fire it first.`)
      alert.inhibitedBy = by === undefined ? [] : [by]
      notifier.touch(alert)
    },
    restart: store.forgetAll,
    flush: notifier.flush,
    loseNext: (times = 1) => notifier.loseNext(times),
    redeliver: (delivery, times = 1) =>
      Promise.all(
        Array.from({ length: times }, async () => {
          const again = { at: Date.now(), status: await post(delivery.payload), attempt: 1, payload: delivery.payload }
          note(again)
          return again.status
        }),
      ),
    deliveries: () => deliveries,
    waitForDelivery: (predicate, timeoutMs = 5_000) =>
      new Promise((resolve, reject) => {
        const already = deliveries.find(predicate)
        if (already) return resolve(already)
        const watcher = (delivery: Delivery) => {
          if (predicate(delivery)) end(() => resolve(delivery))
        }
        const late = () => reject(new Error(`No such webhook within ${timeoutMs} ms, of ${deliveries.length} sent.`))
        const timer = setTimeout(() => end(late), timeoutMs)
        function end(settle: () => void): void {
          clearTimeout(timer)
          watchers.delete(watcher)
          settle()
        }
        watchers.add(watcher)
      }),
    setWebhook(url, credentials = options.credentials) {
      webhook = { url, credentials }
    },
    async stop() {
      notifier.stop()
      for (const timer of timers) clearTimeout(timer)
      await server.stop()
    },
  }
}

function parse(raw: string): unknown {
  try {
    return JSON.parse(raw)
  } catch {
    return undefined
  }
}

/** Runs at most `most` tasks at once, the others in the order they came. */
function createTurns(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = []
  let running = 0
  return async (task) => {
    if (running >= most) await new Promise<void>((resolve) => waiting.push(resolve))
    running += 1
    try {
      return await task()
    } finally {
      running -= 1
      waiting.shift()?.()
    }
  }
}
