import type { IncomingMessage } from 'node:http'
import { readBody } from './http.ts'

/** A refusal in the Bot API's words: `description` is sent as it stands. */
export class ApiRefusal extends Error {
  readonly code: number
  readonly parameters: Record<string, unknown> | undefined
  constructor(code: number, description: string, parameters?: Record<string, unknown>) {
    super(description)
    this.code = code
    this.parameters = parameters
  }
}

export function badRequest(reason: string): ApiRefusal {
  return new ApiRefusal(400, `Bad Request: ${reason}`)
}

export type Params = Record<string, unknown>

/**
 * Parameters of a call from the query string and a JSON, urlencoded or multipart body, as
 * https://core.telegram.org/bots/api#making-requests allows. Uploaded files are left out.
 */
export async function readParams(request: IncomingMessage, query: URLSearchParams): Promise<Params> {
  const body = await readBody(request)
  const type = request.headers['content-type'] ?? ''
  const params: Params = Object.fromEntries(query)
  if (body.length === 0) return params
  if (type.startsWith('application/json')) return { ...params, ...parseObject(body.toString('utf8')) }
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/.exec(type)?.[1]
  if (boundary) return { ...params, ...parseMultipart(body.toString('utf8'), boundary) }
  return { ...params, ...Object.fromEntries(new URLSearchParams(body.toString('utf8'))) }
}

function parseObject(text: string): Params {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Params
  } catch {}
  throw badRequest("can't parse JSON object")
}

function parseMultipart(text: string, boundary: string): Params {
  const params: Params = {}
  for (const part of text.split(`--${boundary}`)) {
    const end = part.indexOf('\r\n\r\n')
    if (end < 0) continue
    const head = part.slice(0, end)
    const name = /name="([^"]*)"/i.exec(head)?.[1]
    if (name === undefined || /filename=/i.test(head)) continue
    params[name] = part.slice(end + 4).replace(/\r\n$/, '')
  }
  return params
}

/** A number that may have come as text; undefined when missing or not an integer. */
export function integer(params: Params, name: string): number | undefined {
  const value = params[name]
  if (value === undefined || value === '') return undefined
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}

export function string(params: Params, name: string): string | undefined {
  const value = params[name]
  return value === undefined || value === null ? undefined : String(value)
}

export function flag(params: Params, name: string): boolean {
  const value = params[name]
  return value === true || value === 1 || value === '1' || String(value).toLowerCase() === 'true'
}

/** A structured parameter, which may have come as JSON in a text. Throws 400 when it cannot be parsed. */
export function structured(params: Params, name: string): unknown {
  const value = params[name]
  if (typeof value !== 'string') return value
  if (value === '') return undefined
  try {
    return JSON.parse(value)
  } catch {
    throw badRequest(`can't parse ${name.replaceAll('_', ' ')} JSON object`)
  }
}
