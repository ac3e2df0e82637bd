import { CallerError, CredentialError, oneLine, type ToolError, UpstreamError } from '@watchkeeper/mcp-shared'
import { z } from 'zod'
import type { Prometheus, Series } from './prometheus.ts'
import type { Access } from './prometheus-config.ts'

const Labels = z.record(z.string(), z.string())
const Sample = z.tuple([z.number(), z.string()])
const QueryData = z.discriminatedUnion('resultType', [
  z.object({
    resultType: z.literal('vector'),
    result: z.array(z.object({ metric: Labels, value: Sample.optional() })),
  }),
  z.object({
    resultType: z.literal('matrix'),
    result: z.array(z.object({ metric: Labels, values: z.array(Sample).optional() })),
  }),
  z.object({ resultType: z.literal('scalar'), result: Sample }),
  z.object({ resultType: z.literal('string'), result: Sample }),
])
const AlertsData = z.object({
  alerts: z.array(
    z.object({
      labels: Labels,
      annotations: Labels.default({}),
      state: z.string(),
      activeAt: z.string().default(''),
      value: z.string(),
    }),
  ),
})
const RulesData = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      rules: z.array(
        z.object({
          name: z.string(),
          type: z.string(),
          query: z.string(),
          state: z.string().default(''),
          health: z.string().default('unknown'),
          duration: z.number().default(0),
          lastError: z.string().default(''),
        }),
      ),
    }),
  ),
})

/** Prometheus by its HTTP API: https://prometheus.io/docs/prometheus/latest/querying/api/ */
export function prometheusApi({ name, url, token }: Access): Prometheus {
  async function ask<T>(
    path: string,
    shape: z.ZodType<T>,
    signal: AbortSignal,
    form?: Record<string, string>,
  ): Promise<T> {
    const body = form && new URLSearchParams(form)
    let response: Response
    let text: string
    try {
      response = await fetch(`${url}/api/v1/${path}`, {
        method: body ? 'POST' : 'GET',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...(body && { body }),
        redirect: 'error',
        signal,
      })
      text = await response.text()
    } catch (error) {
      signal.throwIfAborted()
      throw new UpstreamError('unreachable', `Prometheus "${name}" cannot be reached at its address.`, error)
    }
    return readAnswer(response.status, text, shape, name)
  }

  return {
    name,
    async query(query, time, signal) {
      const form = { query, ...(time !== undefined && { time: String(time) }) }
      return toSeries(await ask('query', QueryData, signal, form))
    },
    async queryRange(query, { start, end, step }, signal) {
      const form = { query, start: String(start), end: String(end), step: String(step) }
      return toSeries(await ask('query_range', QueryData, signal, form))
    },
    alerts: async (signal) => (await ask('alerts', AlertsData, signal)).alerts,
    async rules(signal) {
      const { groups } = await ask('rules', RulesData, signal)
      return groups.flatMap((group) =>
        group.rules.map(({ type, ...rule }) => ({ ...rule, kind: type, group: group.name })),
      )
    },
  }
}

function toSeries(data: z.output<typeof QueryData>): Series[] {
  const sample = ([time, value]: [number, string]) => [time, toNumber(value)] as const
  if (data.resultType === 'scalar') return [{ labels: {}, samples: [sample(data.result)] }]
  if (data.resultType === 'string') throw new CallerError('invalid', 'The expression is a text, and gives no numbers.')
  if (data.resultType === 'vector')
    return data.result.map(({ metric, value }) => ({ labels: metric, samples: value ? [sample(value)] : [] }))
  return data.result.map(({ metric, values = [] }) => ({ labels: metric, samples: values.map(sample) }))
}

function toNumber(text: string): number {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  return text === '-Inf' ? Number.NEGATIVE_INFINITY : Number(text)
}

function readAnswer<T>(status: number, text: string, shape: z.ZodType<T>, name: string): T {
  if (status === 401 || status === 403)
    throw new CredentialError(
      `Prometheus "${name}" did not accept the token: set PROMETHEUS_TOKEN to one that may query.`,
    )
  const answer = parse(text)
  if (answer?.status === 'error')
    throw refusal(status, String(answer.errorType ?? ''), oneLine(String(answer.error ?? ''), 400))
  const shaped = shape.safeParse(answer?.data)
  if (status === 200 && answer?.status === 'success' && shaped.success) return shaped.data
  throw new UpstreamError(
    'unreachable',
    `What answers as Prometheus "${name}" does not speak its API (HTTP ${status}).`,
  )
}

/** `errorType` is documented with the API; `bad_data` is a fault in the expression or its times. */
function refusal(status: number, kind: string, said: string): ToolError {
  if (kind === 'bad_data' || kind === 'execution')
    return new CallerError('invalid', `Prometheus refused the query: ${said}`)
  if (kind === 'timeout' || kind === 'canceled')
    return new UpstreamError('timeout', `The query took Prometheus too long: ${said}`)
  return new UpstreamError('unreachable', `Prometheus failed (HTTP ${status}): ${said}`)
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
