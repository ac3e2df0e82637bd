import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openOracle } from '../oracle.ts'

/** A series of the simulated server; a query is answered with those whose `query` it equals, to the letter. */
export interface SimulatedSeries {
  query: string
  labels: Record<string, string>
  /** The value at a moment, in Unix seconds. */
  value: (time: number) => number
}

export interface PrometheusSimulatorOptions {
  series?: readonly SimulatedSeries[]
  alerts?: readonly object[]
  groups?: readonly object[]
  /** Requests without this bearer token are refused. */
  token?: string
  oracle?: string
}

export interface PrometheusSimulator {
  readonly url: string
  /** Every request: `POST /api/v1/query query=up`. */
  readonly calls: string[]
  stop(): Promise<void>
}

/** The reading half of Prometheus' HTTP API. It evaluates no PromQL: it answers the expressions it was told. `)` is a fault. */
export async function startPrometheus(options: PrometheusSimulatorOptions = {}): Promise<PrometheusSimulator> {
  const { series = [], alerts = [], groups = [], token, oracle } = options
  const calls: string[] = []
  const note = openOracle(oracle, 'prometheus')

  function data(path: string, form: URLSearchParams): object | undefined {
    const query = form.get('query') ?? ''
    const found = series.filter((one) => one.query === query)
    if (path === '/api/v1/alerts') return { alerts }
    if (path === '/api/v1/rules') return { groups }
    if (path === '/api/v1/query') {
      const time = Number(form.get('time') ?? Date.now() / 1_000)
      const result = found.map(({ labels, value }) => ({ metric: labels, value: [time, written(value(time))] }))
      return { resultType: 'vector', result }
    }
    if (path !== '/api/v1/query_range') return undefined
    const [start, end, step] = ['start', 'end', 'step'].map((name) => Number(form.get(name)))
    const times: number[] = []
    for (let at = start ?? 0; at <= (end ?? 0); at += step || 1) times.push(at)
    const result = found.map(({ labels, value }) => ({
      metric: labels,
      values: times.map((at) => [at, written(value(at))]),
    }))
    return { resultType: 'matrix', result }
  }

  const server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const form = new URLSearchParams(Buffer.concat(pieces).toString('utf8'))
    const path = request.url ?? '/'
    const call = `${request.method} ${path}${form.has('query') ? ` query=${form.get('query')}` : ''}`
    calls.push(call)
    const answer = (status: number, body: object) => {
      note({ call, status })
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`)
      return answer(401, { status: 'error', errorType: 'unauthorized', error: 'no token' })
    if (form.get('query')?.startsWith(')'))
      return answer(400, {
        status: 'error',
        errorType: 'bad_data',
        error: '1:1: parse error: unexpected right parenthesis',
      })
    const found = data(path, form)
    return found ? answer(200, { status: 'success', data: found }) : answer(404, {})
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    async stop() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function written(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '+Inf'
  return value === Number.NEGATIVE_INFINITY ? '-Inf' : String(value)
}
