import type { IncomingMessage, ServerResponse } from 'node:http'
import { answerJson, type Listening, listen, readJson } from '../telegram/http.ts'
import type { SimulatedAlertmanager } from './server.ts'
import type { Credentials, Labels } from './types.ts'

type Remote =
  | 'fire'
  | 'resolve'
  | 'silence'
  | 'inhibit'
  | 'restart'
  | 'flush'
  | 'loseNext'
  | 'deliveries'
  | 'setWebhook'

/** The controls of a simulated Alertmanager in another process. */
export type AlertmanagerControl = {
  [Name in Remote]: (
    ...args: Parameters<SimulatedAlertmanager[Name]>
  ) => Promise<Awaited<ReturnType<SimulatedAlertmanager[Name]>>>
} & {
  /** Posts delivery number `index` of `deliveries()` again, `times` times at once. */
  redeliver(index: number, times?: number): Promise<unknown>
}

interface Body {
  labels: Labels
  annotations?: Labels
  matchers?: Parameters<SimulatedAlertmanager['silence']>[0]
  more?: Record<string, string>
  by?: string
  times?: number
  index?: number
  url?: string
  credentials?: Credentials
}

/** Puts the controls behind plain HTTP; wrong input is a 400 with `{ error }`. */
export function serveControl(alertmanager: SimulatedAlertmanager, port?: number): Promise<Listening> {
  const routes: Record<string, (body: Body) => unknown> = {
    'POST /fire': ({ labels, annotations, more }) => alertmanager.fire(labels, annotations, more),
    'POST /resolve': ({ labels }) => alertmanager.resolve(labels),
    'POST /silence': ({ matchers = [], more }) => alertmanager.silence(matchers, more),
    'POST /inhibit': ({ labels, by }) => alertmanager.inhibit(labels, by),
    'POST /restart': () => alertmanager.restart(),
    'POST /flush': () => alertmanager.flush(),
    'POST /lose-next': ({ times }) => alertmanager.loseNext(times),
    'POST /webhook': ({ url, credentials }) => alertmanager.setWebhook(url, credentials),
    'POST /redeliver': ({ index = 0, times }) => {
      const delivery = alertmanager.deliveries()[index]
      if (!delivery) throw new Error(`There was no delivery ${index}.`)
      return alertmanager.redeliver(delivery, times)
    },
    'GET /deliveries': () => alertmanager.deliveries(),
  }
  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = routes[`${request.method} ${request.url}`]
    if (!route) return answerJson(response, 404, { error: `Use one of: ${Object.keys(routes).join(', ')}.` })
    try {
      answerJson(response, 200, (await route((await readJson(request)) as Body)) ?? {})
    } catch (error) {
      answerJson(response, 400, { error: error instanceof Error ? error.message : String(error) })
    }
  }
  return listen(handle, port)
}

/** The controls behind `url`, the `control` of the simulator's ready line. A refused call rejects with its reason. */
export function controlOf(url: string): AlertmanagerControl {
  async function call<T>(path: string, body?: unknown): Promise<T> {
    const response = await fetch(url + path, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) })
    const answer: unknown = await response.json()
    if (!response.ok) throw new Error((answer as { error: string }).error)
    return answer as T
  }
  return {
    fire: (labels, annotations, more) => call('/fire', { labels, annotations, more }),
    resolve: (labels) => call('/resolve', { labels }),
    silence: (matchers, more) => call('/silence', { matchers, more }),
    inhibit: (labels, by) => call('/inhibit', { labels, by }),
    restart: () => call('/restart', {}),
    flush: () => call('/flush', {}),
    loseNext: (times) => call('/lose-next', { times }),
    setWebhook: (to, credentials) => call('/webhook', { url: to, credentials }),
    redeliver: (index, times) => call('/redeliver', { index, times }),
    deliveries: () => call('/deliveries'),
  }
}
