import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { IncomingReport } from '../../src/ingest/intake.ts'

export type Listed = { report: IncomingReport; state?: 'active' | 'suppressed' | 'unprocessed'; receiver?: string }

/** The list of alerts of an Alertmanager, filtered as the real one does, with every call remembered. */
export async function fakeAlertmanager() {
  let alerts: Listed[] = []
  let answer: ((response: ServerResponse) => void) | undefined
  const calls: { path: string; query: URLSearchParams; authorization: string | undefined }[] = []
  const server = createServer((request: IncomingMessage, response) => {
    const url = new URL(request.url ?? '/', 'http://alertmanager')
    calls.push({ path: url.pathname, query: url.searchParams, authorization: request.headers.authorization })
    if (answer) return answer(response)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(alerts.filter((alert) => isWanted(alert, url.searchParams)).map(toGettable)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    holds(...listed: Listed[]) {
      alerts = listed
      answer = undefined
    },
    answers(how: (response: ServerResponse) => void) {
      answer = how
    },
    stop() {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function isWanted({ state = 'active', receiver = 'watchkeeper' }: Listed, query: URLSearchParams): boolean {
  const pattern = query.get('receiver')
  if (pattern && !new RegExp(`^(?:${pattern})$`).test(receiver)) return false
  return state !== 'suppressed' || query.get('silenced') === 'true'
}

/** A gettableAlert of Alertmanager's API, version 2. */
function toGettable({ report, state = 'active', receiver = 'watchkeeper' }: Listed) {
  return {
    annotations: report.annotations,
    endsAt: new Date(Date.now() + 240_000).toISOString(),
    fingerprint: report.fingerprint,
    receivers: [{ name: receiver }],
    startsAt: report.startsAt.toISOString(),
    status: { inhibitedBy: [], mutedBy: [], silencedBy: state === 'suppressed' ? ['a-silence'] : [], state },
    updatedAt: report.startsAt.toISOString(),
    generatorURL: report.generatorUrl,
    labels: report.labels,
  }
}
